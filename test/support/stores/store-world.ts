import { Database, PlatformDatabase, TenantDatabase } from '#database';
import { newUuid } from '#kernel';
import { randomBytes } from 'node:crypto';
import { readdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import pg from 'pg';

import { ENTITIES } from '../../../apps/gateway/src/entities.js';
import { freshId } from '../api.js';
import { eventually } from '../eventually.js';
import { ThrowawayDatabase } from '../test-database.js';

const LIBRARIES = fileURLToPath(new URL('../../../libs', import.meta.url));
const TABLES = [
  'tenants',
  'sub_tenants',
  'tokens',
  'signing_keys',
  'storage_bindings',
  'idempotency_keys',
  'sources',
  'uploads',
  'upload_parts',
  'outbox',
  'links',
  'link_uses',
  'link_marks',
  'verifications',
  'audit_entries',
  'audit_seals',
  'audit_anchors',
];

/** Anything a store module exports that can be called: a method of a store, or a function beside it. */
export type StoreCall = (...args: unknown[]) => unknown;

/** The ids of one tenant that has one row of everything. */
export interface StoreWorld {
  readonly tenantId: string;
  readonly tenantKey: string;
  readonly branch: string;
  readonly tokenId: string;
  readonly tokenHash: Buffer;
  readonly rootHash: Buffer;
  readonly sourceId: string;
  readonly externalId: string;
  readonly linkId: string;
  /** Of a download of the link that is under way. */
  readonly useId: string;
  readonly uploadId: string;
  readonly objectKey: string;
  readonly outboxId: string;
  readonly bindingId: string;
  readonly platformBindingId: string;
  /** Of a request that is under way. */
  readonly keyHash: Buffer;
  readonly keyOwner: string;
  /** Of one that was answered. */
  readonly platformKeyHash: Buffer;
  readonly roundId: string;
}

/** Every store of the product on a database of its own, with nobody else at work in it. */
export class StoreBench {
  private constructor(
    private readonly throwaway: ThrowawayDatabase,
    private readonly database: Database,
    private readonly client: pg.Client,
    readonly tenants: TenantDatabase,
    readonly platform: PlatformDatabase,
    /** By name: `SourceStore.find` for a method, `source.store.lock` for a function beside a store. */
    readonly calls: ReadonlyMap<string, StoreCall>,
  ) {}

  static async open(): Promise<StoreBench> {
    const throwaway = await ThrowawayDatabase.create();
    const database = await Database.open({
      url: throwaway.runtimeUrl,
      migrationUrl: throwaway.ownerUrl,
      dataDir: tmpdir(),
      poolSize: 2,
      entities: ENTITIES,
      log: { info: () => undefined, warn: () => undefined },
    });
    const tenants = new TenantDatabase(database.dataSource);
    const platform = new PlatformDatabase(database.dataSource);
    const client = new pg.Client({ connectionString: throwaway.ownerUrl });
    await client.connect();
    return new StoreBench(
      throwaway,
      database,
      client,
      tenants,
      platform,
      await storeCalls(tenants, platform),
    );
  }

  async close(): Promise<void> {
    await this.client.end();
    await this.database.close();
    await this.throwaway.drop();
  }

  /** Rows of one statement as the owner, who sees every tenant's. */
  async owner<Row extends object>(text: string, values: unknown[] = []): Promise<Row[]> {
    return (await this.client.query(text, values)).rows as Row[];
  }

  /** Everything that is stored, of all tenants, as text to compare. */
  async everything(): Promise<string> {
    const parts = [
      ...TABLES,
      'tenant_directory',
      'platform_tokens',
      'platform_bindings',
      'platform_idempotency_keys',
      'platform_settings',
    ].map((table) => `SELECT '${table}' AS "table", t::text AS row FROM ${table} t`);
    const rows = await this.owner<{ table: string; row: string }>(
      `${parts.join(' UNION ALL ')} ORDER BY 1, 2`,
    );
    return rows.map(({ table, row }) => `${table} ${row}`).join('\n');
  }

  /** Waits until no transaction on the server, in whichever database, is as old as an entry of a log. */
  async transactionsOver(): Promise<void> {
    await eventually('all transactions are over that were open', async () => {
      const [row] = await this.owner<{ over: boolean }>(
        `SELECT max(transaction_no) < pg_snapshot_xmin(pg_current_snapshot())::text::bigint AS over FROM audit_entries`,
      );
      return row?.over === true;
    });
  }

  /** Makes a tenant with a row of everything, by SQL alone. */
  async makeWorld(): Promise<StoreWorld> {
    const tenantKey = randomBytes(6).toString('hex');
    const world: StoreWorld = {
      tenantId: freshId('t'),
      tenantKey,
      branch: 'branch',
      tokenId: newUuid(),
      tokenHash: randomBytes(32),
      rootHash: randomBytes(32),
      sourceId: newUuid(),
      externalId: 'one',
      linkId: newUuid(),
      useId: newUuid(),
      uploadId: newUuid(),
      objectKey: `${tenantKey}/${newUuid()}`,
      outboxId: newUuid(),
      bindingId: newUuid(),
      platformBindingId: newUuid(),
      keyHash: randomBytes(32),
      keyOwner: newUuid(),
      platformKeyHash: randomBytes(32),
      roundId: newUuid(),
    };
    for (const [text, values] of inserts(world)) await this.owner(text, values);
    return world;
  }
}

function inserts(w: StoreWorld): [string, unknown[]][] {
  return [
    ["INSERT INTO platform_tokens VALUES (gen_random_uuid(), $1, 'root')", [w.rootHash]],
    ['INSERT INTO tenant_directory VALUES ($1, $2)', [w.tenantKey, w.tenantId]],
    ["INSERT INTO tenants VALUES ($1, $2, 'Name', 'default')", [w.tenantId, w.tenantKey]],
    ["INSERT INTO sub_tenants VALUES ($1, 'default', 'x'), ($1, $2, 'y')", [w.tenantId, w.branch]],
    [
      `INSERT INTO tokens (tenant_id, token_id, token_hash, prefix, name, role, scopes, created_by)
       VALUES ($1, $2, $3, 'gth_', 'token', 'viewer', '{sources:read}', $2)`,
      [w.tenantId, w.tokenId, w.tokenHash],
    ],
    ["INSERT INTO signing_keys VALUES ($1, 1, '\\x01')", [w.tenantId]],
    [
      `INSERT INTO storage_bindings (tenant_id, binding_id, adapter, place, settings, delivery)
       VALUES ($1, $2, 's3', 'somewhere', '{}', 'direct')`,
      [w.tenantId, w.bindingId],
    ],
    [
      `INSERT INTO platform_bindings (binding_id, adapter, place, settings, delivery)
       VALUES ($1, 's3', $2, '{}', 'direct')`,
      [w.platformBindingId, w.tenantKey],
    ],
    [
      "INSERT INTO idempotency_keys VALUES ($1, $2, $3, NULL, NULL, now() + interval '1 hour')",
      [w.tenantId, w.keyHash, w.keyOwner],
    ],
    [
      "INSERT INTO platform_idempotency_keys VALUES ($1, '\\x01', '\\x01', now() + interval '1 hour')",
      [w.platformKeyHash],
    ],
    [
      `INSERT INTO sources (tenant_id, source_id, sub_tenant_id, external_id, name, status, content_type)
       VALUES ($1, $2, 'default', $3, 'one.txt', 'pending', 'text/plain')`,
      [w.tenantId, w.sourceId, w.externalId],
    ],
    [
      `INSERT INTO uploads (tenant_id, upload_id, sub_tenant_id, object_key, created_by, expires_at)
       VALUES ($1, $2, 'default', $3, $2, now() + interval '1 hour')`,
      [w.tenantId, w.uploadId, w.objectKey],
    ],
    [
      "INSERT INTO outbox (tenant_id, outbox_id, kind, object_key) VALUES ($1, $2, 'remove_object', $3)",
      [w.tenantId, w.outboxId, `${w.tenantKey}/${w.outboxId}`],
    ],
    [
      `INSERT INTO audit_entries (tenant_id, entry_id, tenant_key, action, outcome, token_id, sub_tenant_id, target_id)
       VALUES ($1, audit_entry_id('2001-01-01'), $2, 'token.create', 'success', $3, $4, 'one')`,
      [w.tenantId, w.tenantKey, w.tokenId, w.branch],
    ],
    ["INSERT INTO audit_anchors VALUES ($1, 1, sha256('x'))", [w.tenantId]],
    ['INSERT INTO verifications (tenant_id, round_id) VALUES ($1, $2)', [w.tenantId, w.roundId]],
    [
      `INSERT INTO links (tenant_id, link_id, sub_tenant_id, source_id, token_id, disposition, expires_at)
       VALUES ($1, $2, 'default', $3, $4, 'attachment', 'infinity')`,
      [w.tenantId, w.linkId, w.sourceId, w.tokenId],
    ],
    ["INSERT INTO link_marks VALUES ($1, 'tenant', '2001-01-01')", [w.tenantId]],
    ["INSERT INTO link_uses VALUES ($1, $2, $3, 'infinity')", [w.tenantId, w.linkId, w.useId]],
  ];
}

/** Every method of every class, and every function, that a `*.store.ts` file exports. */
async function storeCalls(
  tenants: TenantDatabase,
  platform: PlatformDatabase,
): Promise<ReadonlyMap<string, StoreCall>> {
  const files = (await readdir(LIBRARIES, { recursive: true })).filter((file) => file.endsWith('.store.ts'));
  const calls = new Map<string, StoreCall>();
  for (const file of files.sort()) {
    const module = (await import(join(LIBRARIES, file))) as Record<string, unknown>;
    for (const [name, exported] of Object.entries(module)) {
      if (typeof exported !== 'function') continue;
      const methods = methodsOf(exported);
      // Only a class's source begins so: it has no methods of its own otherwise.
      if (!exported.toString().startsWith('class '))
        calls.set(`${basename(file, '.ts')}.${name}`, exported as StoreCall);
      const store = (methods.length === 0 ? {} : construct(exported, tenants, platform)) as Record<
        string,
        StoreCall
      >;
      for (const method of methods) calls.set(`${name}.${method}`, bound(store, method));
    }
  }
  return calls;
}

/** A method that can be called alone; it keeps the number of its parameters. */
function bound(store: Record<string, StoreCall>, method: string): StoreCall {
  const call: StoreCall = (...args) => store[method]?.(...args);
  return Object.defineProperty(call, 'length', { value: store[method]?.length });
}

function methodsOf(exported: object): string[] {
  const prototype = (exported as { prototype?: object }).prototype;
  if (prototype === undefined) return [];
  return Object.getOwnPropertyNames(prototype).filter((name) => name !== 'constructor');
}

/** A store takes the tenants' database, the platform's, or both, as its constructor's types say. */
function construct(store: object, tenants: TenantDatabase, platform: PlatformDatabase): object {
  const types = Reflect.getMetadata('design:paramtypes', store) as unknown[];
  const given = types.map((type) => (type === PlatformDatabase ? platform : tenants));
  return Reflect.construct(store as new (...args: unknown[]) => object, given);
}
