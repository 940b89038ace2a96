import { BoundStorages } from '#binding';
import { parseConfig } from '#config';
import { Database } from '#database';
import { newUuid, Sealer, Secret } from '#kernel';
import {
  ObjectPurge,
  Reconciler,
  UploadExpiry,
  Verification,
  type ReconcileReport,
  type RunOptions,
} from '#source';
import { type ObjectStorage, parseObjectKey } from '#storage';
import { NestFactory } from '@nestjs/core';
import type { INestApplicationContext } from '@nestjs/common';
import { createHash, randomBytes } from 'node:crypto';
import { mkdtemp, rm, utimes } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import type { Client } from 'pg';

import { MaintenanceModule } from '../../apps/gateway/src/app.module.js';
import { ENTITIES } from '../../apps/gateway/src/entities.js';
import { freshId } from './api.js';
import { ThrowawayDatabase, withClient } from './test-database.js';

/** A tenant of a bench. */
export interface BenchTenant {
  readonly id: string;
  /** First segment of its object keys. */
  readonly key: string;
}

/** Milliseconds. */
export const DAY = 86_400_000;

/**
 * The reconciler as `gatehold reconcile` composes it, on a database of its own and whichever storage is the default.
 * Nobody else is at work in either; rows are made by SQL and objects by the storage's own port.
 */
export class ReconcileBench {
  private constructor(
    private readonly throwaway: ThrowawayDatabase,
    readonly dataDir: string,
    private readonly database: Database,
    private readonly app: INestApplicationContext,
  ) {}

  /** `settings`: of the default storage; the data folder without any. */
  static async open(settings: Readonly<Record<string, string>> = {}): Promise<ReconcileBench> {
    const throwaway = await ThrowawayDatabase.create();
    const dataDir = await mkdtemp(join(tmpdir(), 'gatehold-reconcile-'));
    const config = parseConfig({ GATEHOLD_DATA_DIR: dataDir, ...settings });
    const database = await Database.open({
      url: throwaway.runtimeUrl,
      migrationUrl: throwaway.ownerUrl,
      dataDir,
      poolSize: 4,
      entities: ENTITIES,
      log: { info: () => undefined, warn: () => undefined },
    });
    const sealer = new Sealer(new Secret(randomBytes(32)));
    const module = MaintenanceModule.forRoot({ config, database, sealer });
    const app = await NestFactory.createApplicationContext(module, { logger: false, abortOnError: false });
    const bench = new ReconcileBench(throwaway, dataDir, database, app);
    await bench.owner("INSERT INTO platform_settings VALUES ('master_key_fingerprint', $1)", [
      sealer.fingerprint,
    ]);
    return bench;
  }

  /** Anything else that is composed with them. */
  get<T>(part: new (...args: never[]) => T): T {
    return this.app.get(part);
  }

  get reconciler(): Reconciler {
    return this.app.get(Reconciler);
  }

  get verification(): Verification {
    return this.app.get(Verification);
  }

  get purge(): ObjectPurge {
    return this.app.get(ObjectPurge);
  }

  get expiry(): UploadExpiry {
    return this.app.get(UploadExpiry);
  }

  get storages(): BoundStorages {
    return this.app.get(BoundStorages);
  }

  async close(): Promise<void> {
    await this.app.close();
    await this.database.close();
    await this.throwaway.drop();
    await rm(this.dataDir, { recursive: true, force: true });
  }

  /** Rows of one statement as the owner of the database. */
  async owner<Row extends object>(text: string, values: unknown[] = []): Promise<Row[]> {
    return await withClient(
      this.throwaway.ownerUrl,
      async (client) => (await client.query(text, values)).rows as Row[],
    );
  }

  /** Works as the owner of the database, on one connection. */
  async asOwner<T>(work: (client: Client) => Promise<T>): Promise<T> {
    return await withClient(this.throwaway.ownerUrl, work);
  }

  /** `key` is random unless it matters. */
  async makeTenant(id = freshId('t'), key = randomBytes(6).toString('hex')): Promise<BenchTenant> {
    await this.owner('INSERT INTO tenant_directory VALUES ($1, $2)', [key, id]);
    await this.owner("INSERT INTO tenants VALUES ($1, $2, 'Name', 'default')", [id, key]);
    await this.owner("INSERT INTO sub_tenants VALUES ($1, 'default', 'x')", [id]);
    return { id, key };
  }

  /** Where the tenant's new objects go, unless it has a binding of its own. */
  async storageOf({ id }: BenchTenant): Promise<ObjectStorage> {
    return await this.storages.open(id, await this.storages.getDefaultId());
  }

  /** An object that no row names; answers its key. */
  async plant(tenant: BenchTenant, bytes = 'orphan', key = `${tenant.key}/${newUuid()}`): Promise<string> {
    const storage = await this.storageOf(tenant);
    await storage.put(parseObjectKey(key), Readable.from([Buffer.from(bytes)]));
    return key;
  }

  /** A row without an object, as an available source of that size. */
  async addRow({ id }: BenchTenant, objectKey: string, bytes: Buffer): Promise<string> {
    const sourceId = newUuid();
    await this.owner(
      `INSERT INTO sources (tenant_id, source_id, sub_tenant_id, name, status, content_type, size_bytes, checksum_sha256,
         object_key, binding_id) VALUES ($1, $2, 'default', 'x', 'available', 'text/plain', $3, $4, $5, $6)`,
      [
        id,
        sourceId,
        bytes.length,
        createHash('sha256').update(bytes).digest(),
        objectKey,
        await this.storages.getDefaultId(),
      ],
    );
    return sourceId;
  }

  /** A source with its object; answers the object's key. */
  async addSource(tenant: BenchTenant, bytes = Buffer.from('content')): Promise<string> {
    const key = await this.plant(tenant, bytes.toString('latin1'));
    await this.addRow(tenant, key, bytes);
    return key;
  }

  async addSources(tenant: BenchTenant, count: number): Promise<string[]> {
    const keys: string[] = [];
    for (let made = 0; made < count; made += 1) keys.push(await this.addSource(tenant));
    return keys;
  }

  /** An upload under way, or long dead, that names the key; answers its id. */
  async addUpload({ id }: BenchTenant, objectKey: string, expiresIn: string): Promise<string> {
    const uploadId = newUuid();
    await this.owner(
      `INSERT INTO uploads (tenant_id, upload_id, sub_tenant_id, object_key, created_by, expires_at, binding_id)
       VALUES ($1, $2, 'default', $3, $2, now() + $4::interval, $5)`,
      [id, uploadId, objectKey, expiresIn, await this.storages.getDefaultId()],
    );
    return uploadId;
  }

  /** A removal that is due; answers the id of its entry. */
  async addRemoval({ id }: BenchTenant, objectKey: string): Promise<string> {
    const rows = await this.owner<{ id: string }>(
      `INSERT INTO outbox (tenant_id, kind, object_key, binding_id) VALUES ($1, 'remove_object', $2, $3)
       RETURNING outbox_id AS id`,
      [id, objectKey, await this.storages.getDefaultId()],
    );
    return rows[0]?.id ?? '';
  }

  /** The file of an object in the data folder. */
  fileOf(key: string): string {
    const [folder = '', name = ''] = key.split('/');
    return join(this.dataDir, 'objects', folder, `_${name.slice(-2)}`, name);
  }

  /** Makes an object in the data folder that much older. */
  async age(key: string, ms = 2 * DAY): Promise<void> {
    const then = new Date(Date.now() - ms);
    await utimes(this.fileOf(key), then, then);
  }

  /** An orphan in the data folder that is older than a day. */
  async plantOld(tenant: BenchTenant, bytes?: string): Promise<string> {
    const key = await this.plant(tenant, bytes);
    await this.age(key);
    return key;
  }

  /** Whether the default storage has an object. */
  async isThere(tenant: BenchTenant, key: string): Promise<boolean> {
    return (await (await this.storageOf(tenant)).head(parseObjectKey(key))) !== null;
  }

  /** A run over all tenants with the default limits, unless told otherwise. */
  run(options: Partial<RunOptions> = {}): Promise<ReconcileReport> {
    return this.reconciler.run({
      tenantId: null,
      apply: false,
      graceSeconds: 86_400,
      maxRemovals: 10_000,
      maxPercent: 5,
      passOver: false,
      signal: new AbortController().signal,
      onProgress: () => undefined,
      ...options,
    });
  }
}

/** The numbers of a report. */
export function countsOf({ survey, removed, abortedBecause }: ReconcileReport): Record<string, unknown> {
  return {
    rows: survey.checkedRows,
    objects: survey.checkedObjects,
    young: survey.youngObjects,
    missing: survey.missing.count,
    orphans: survey.orphans.count,
    stale: survey.stale.count,
    unfinished: survey.unfinished.count,
    removed: removed.objects,
    abortedBecause,
  };
}

/** Keys of what was found. */
export function keysOf(findings: { readonly shown: readonly { readonly objectKey: string }[] }): string[] {
  return findings.shown.map(({ objectKey }) => objectKey).sort();
}
