import { Database, PlatformDatabase, SharedTransaction, TenantDatabase, type Statement } from '#database';
import { randomUUID } from 'node:crypto';
import { tmpdir } from 'node:os';

import { ENTITIES } from '../../apps/gateway/src/entities.js';
import { Api, makeTenant, type TestTenant } from './api.js';
import { startInProcess, type InProcessGateway } from './in-process-gateway.js';
import { makeVictim, type Victim } from './isolation.js';
import { ThrowawayDatabase, withClient } from './test-database.js';

/** Every table whose rows belong to a tenant. */
export const OWNED = [
  'tenants',
  'sub_tenants',
  'tokens',
  'signing_keys',
  'storage_bindings',
  'idempotency_keys',
  'sources',
  'uploads',
  'upload_parts',
  'usage_counters',
  'outbox',
  'links',
  'link_uses',
  'link_marks',
  'verifications',
  'audit_entries',
  'audit_seals',
  'audit_anchors',
] as const;

/**
 * A gateway on a database of its own in which two tenants have rows in every table, and a pool of one connection
 * beside it that is used as the product uses its own.
 */
export class WalledDatabase {
  readonly shared: SharedTransaction;

  private constructor(
    readonly throwaway: ThrowawayDatabase,
    readonly gateway: InProcessGateway,
    readonly root: Api,
    readonly victim: Victim,
    readonly attacker: TestTenant,
    private readonly database: Database,
    readonly tenants: TenantDatabase,
    readonly platform: PlatformDatabase,
  ) {
    this.shared = new SharedTransaction(database.dataSource);
  }

  static async open(): Promise<WalledDatabase> {
    const throwaway = await ThrowawayDatabase.create();
    const gateway = await startInProcess(throwaway);
    const root = new Api(gateway.url, gateway.rootToken);
    const [victim, attacker] = [await makeVictim(root), await makeTenant(root)];
    await attacker.editor.put('mine', 'of the other');
    await attacker.editor.post('/v1/sources/mine/links', {});
    const database = await poolOfOne(throwaway);
    const [tenants, platform] = [
      new TenantDatabase(database.dataSource),
      new PlatformDatabase(database.dataSource),
    ];
    const walled = new WalledDatabase(
      throwaway,
      gateway,
      root,
      victim,
      attacker,
      database,
      tenants,
      platform,
    );
    await walled.owner(`INSERT INTO outbox (tenant_id, kind, object_key, due_at)
      SELECT tenant_id, 'remove_object', tenant_key || '/nothing', 'infinity' FROM tenants`);
    await walled.owner(`INSERT INTO uploads (tenant_id, upload_id, sub_tenant_id, object_key, created_by, expires_at)
      SELECT tenant_id, gen_random_uuid(), 'default', tenant_key || '/none', gen_random_uuid(), 'infinity'
      FROM tenants`);
    await walled.owner(
      'INSERT INTO verifications (tenant_id, round_id) SELECT tenant_id, gen_random_uuid() FROM tenants',
    );
    await walled.owner(`INSERT INTO upload_parts (tenant_id, upload_id, part_number, size_bytes, entity_tag)
      SELECT tenant_id, upload_id, 1, 1, 'tag' FROM uploads`);
    await walled.owner(`INSERT INTO storage_bindings (tenant_id, binding_id, adapter, place, settings, delivery)
      SELECT tenant_id, gen_random_uuid(), 'filesystem', 'here', '{"adapter":"filesystem"}', 'proxy' FROM tenants
      WHERE tenant_id NOT IN (SELECT tenant_id FROM storage_bindings)`);
    await walled.owner(`INSERT INTO idempotency_keys (tenant_id, key_hash, owner, expires_at)
      SELECT tenant_id, sha256('a key'), gen_random_uuid(), 'infinity' FROM tenants`);
    await walled.owner("INSERT INTO link_marks SELECT tenant_id, 'tenant', '2001-01-01' FROM tenants");
    await walled.owner(`INSERT INTO link_uses (tenant_id, link_id, use_id, leased_until)
      SELECT tenant_id, link_id, gen_random_uuid(), 'infinity' FROM links`);
    await walled.owner(`INSERT INTO audit_seals
      (tenant_id, seal_no, first_at, last_at, entry_count, entry_ids, horizon, previous_hash, hash)
      SELECT tenant_id, 1000, now(), now(), 0, '{}', 0, '', sha256('x') FROM tenants`);
    await walled.owner("INSERT INTO audit_anchors SELECT tenant_id, 1, sha256('x') FROM tenants");
    return walled;
  }

  async close(): Promise<void> {
    await this.database.close();
    await this.gateway.close();
    await this.throwaway.drop();
  }

  /** Rows of one statement as the owner of the database, who sees every tenant's. */
  async owner<Row extends object>(text: string, values: unknown[] = []): Promise<Row[]> {
    return await withClient(
      this.throwaway.ownerUrl,
      async (client) => (await client.query(text, values)).rows as Row[],
    );
  }
}

/** A statement under a name of its own, unless one is given; a name stands for one text. */
export function sql(text: string, values: readonly unknown[] = [], name: string = randomUUID()): Statement {
  return { name, text, values };
}

async function poolOfOne(throwaway: ThrowawayDatabase): Promise<Database> {
  return await Database.open({
    url: throwaway.runtimeUrl,
    migrationUrl: throwaway.ownerUrl,
    dataDir: tmpdir(),
    poolSize: 1,
    entities: ENTITIES,
    log: { info: () => undefined, warn: () => undefined },
  });
}
