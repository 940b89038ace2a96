import { PlatformDatabase, TenantDatabase } from '#database';
import { Injectable } from '@nestjs/common';

import type { StaleUpload } from './findings.js';

/** A tenant, as far as its objects are concerned. */
export interface SurveyedTenant {
  /** First segment of all of its object keys. */
  readonly tenantKey: string;
  readonly status: 'active' | 'suspended' | 'deleting';
}

/** A storage that the tenant writes to, or has written to. */
export interface KnownBinding {
  readonly bindingId: string;
  readonly isCurrent: boolean;
}

/** What the rows say of the objects on a page of a list. */
export interface LookedUp {
  /** What time it was in the database. */
  readonly now: Date;
  /** Keys that no row of any kind names. */
  readonly unnamed: readonly string[];
  /** Keys of available sources whose size on record is another. */
  readonly resized: readonly string[];
}

/** A row that names an object. */
export interface NamingRow {
  readonly sourceId: string;
  readonly subTenantId: string;
  readonly objectKey: string;
  readonly sizeBytes: number;
}

/** Database access for the comparison of rows and objects. It changes nothing. */
@Injectable()
export class ReconcileStore {
  constructor(
    private readonly database: TenantDatabase,
    private readonly platform: PlatformDatabase,
  ) {}

  /** Whether this is the fingerprint of the master key that sealed what is in this database. */
  async isSealedWith(fingerprint: string): Promise<boolean> {
    return (await this.platform.query({ ...SEALED_WITH, values: [fingerprint] })).rowCount === 1;
  }

  /** Ids of tenants in their order. */
  async listTenantIds(after: string, limit: number): Promise<string[]> {
    const { rows } = await this.platform.query<{ id: string }>({ ...TENANT_IDS, values: [after, limit] });
    return rows.map(({ id }) => id);
  }

  async findTenant(tenantId: string): Promise<SurveyedTenant | null> {
    return (
      (await this.database.query<SurveyedTenant>(tenantId, { ...TENANT, values: [tenantId] })).rows[0] ?? null
    );
  }

  /** The tenant's own bindings, replaced ones too. */
  async listBindings(tenantId: string): Promise<KnownBinding[]> {
    return (await this.database.query<KnownBinding>(tenantId, { ...BINDINGS, values: [tenantId] })).rows;
  }

  /** The operator's bindings, those of before too. */
  async listPlatformBindings(limit: number): Promise<string[]> {
    const statement = { ...PLATFORM_BINDINGS, values: [limit] };
    const { rows } = await this.platform.query<{ bindingId: string }>(statement);
    return rows.map(({ bindingId }) => bindingId);
  }

  /** Whether any row of the tenant names something in that storage; null is the data folder. */
  async isNamed(tenantId: string, bindingId: string | null): Promise<boolean> {
    const { rows } = await this.database.query<{ named: boolean }>(tenantId, {
      ...IS_NAMED,
      values: [tenantId, bindingId],
    });
    return rows[0]?.named !== false;
  }

  /** What is known of objects with these keys and sizes, all from one moment. */
  async lookUp(
    tenantId: string,
    objects: readonly { readonly key: string; readonly sizeBytes: number }[],
  ): Promise<LookedUp> {
    const keys = objects.map(({ key }) => key);
    const sizes = objects.map(({ sizeBytes }) => sizeBytes);
    const values = [tenantId, keys, sizes];
    const [row] = (await this.database.query<LookedUp>(tenantId, { ...LOOK_UP, values })).rows;
    if (row === undefined) throw new Error('The database says nothing of the objects.');
    return row;
  }

  /**
   * Rows whose keys come after one and are at most another, in the order of the keys; `isWanted` are those of available
   * sources in the storage.
   */
  async listRows(
    tenantId: string,
    bindingId: string | null,
    { after, upTo, limit }: { readonly after: string; readonly upTo: string; readonly limit: number },
  ): Promise<(NamingRow & { readonly isWanted: boolean })[]> {
    const values = [tenantId, bindingId, after, upTo, limit];
    return (await this.database.query<NamingRow & { isWanted: boolean }>(tenantId, { ...ROWS, values })).rows;
  }

  /** The available source whose object has that key; null when there is none, or none any more. */
  async findRow(tenantId: string, objectKey: string): Promise<NamingRow | null> {
    const values = [tenantId, objectKey];
    return (await this.database.query<NamingRow>(tenantId, { ...ROW_BY_KEY, values })).rows[0] ?? null;
  }

  /** Uploads whose time passed so long ago that whoever ends them should have: the first ones, and how many there are. */
  async listStaleUploads(
    tenantId: string,
    limit: number,
  ): Promise<{ readonly uploads: readonly StaleUpload[]; readonly count: number }> {
    const statement = { ...STALE, values: [tenantId, limit] };
    const { rows } = await this.database.query<{ upload: StaleUpload; count: number }>(tenantId, statement);
    return { uploads: rows.map(({ upload }) => upload), count: rows[0]?.count ?? 0 };
  }

  /** Which of these keys some upload names, whatever its state. */
  async listUploading(tenantId: string, keys: readonly string[]): Promise<string[]> {
    const { rows } = await this.database.query<{ key: string }>(tenantId, {
      ...UPLOADING,
      values: [tenantId, [...keys]],
    });
    return rows.map(({ key }) => key);
  }
}

const SEALED_WITH = {
  name: 'reconcile-sealed-with',
  text: "SELECT FROM platform_settings WHERE name = 'master_key_fingerprint' AND value = $1",
};
const TENANT_IDS = { name: 'reconcile-tenants', text: 'SELECT id FROM tenant_ids_after($1, $2) AS id' };
const TENANT = {
  name: 'reconcile-tenant',
  text: 'SELECT tenant_key AS "tenantKey", status FROM tenants WHERE tenant_id = $1',
};
const BINDINGS = {
  name: 'reconcile-bindings',
  text: `SELECT binding_id AS "bindingId", retired_at IS NULL AS "isCurrent" FROM storage_bindings
WHERE tenant_id = $1 ORDER BY created_at, binding_id`,
};
const PLATFORM_BINDINGS = {
  name: 'reconcile-platform-bindings',
  text: 'SELECT binding_id AS "bindingId" FROM platform_bindings ORDER BY created_at, binding_id LIMIT $1',
};
const IS_NAMED = {
  name: 'reconcile-is-named',
  text: `SELECT EXISTS (SELECT FROM sources WHERE tenant_id = $1 AND object_key IS NOT NULL
    AND binding_id IS NOT DISTINCT FROM $2::uuid)
  OR EXISTS (SELECT FROM uploads WHERE tenant_id = $1 AND binding_id IS NOT DISTINCT FROM $2::uuid)
  OR EXISTS (SELECT FROM outbox WHERE tenant_id = $1 AND binding_id IS NOT DISTINCT FROM $2::uuid) AS named`,
};
const LOOK_UP = {
  name: 'reconcile-look-up',
  text: `SELECT clock_timestamp() AS now,
  coalesce(array_agg(k.key) FILTER (WHERE s.source_id IS NULL
    AND NOT EXISTS (SELECT FROM uploads u WHERE u.tenant_id = $1 AND u.object_key = k.key)
    AND NOT EXISTS (SELECT FROM uploads u WHERE u.tenant_id = $1 AND u.attempt_key = k.key)
    AND NOT EXISTS (SELECT FROM outbox o WHERE o.tenant_id = $1 AND o.object_key = k.key)), '{}') AS unnamed,
  coalesce(array_agg(k.key) FILTER (WHERE s.status = 'available' AND s.size_bytes <> k.size_bytes), '{}') AS resized
FROM unnest($2::text[], $3::bigint[]) AS k(key, size_bytes)
LEFT JOIN sources s ON s.tenant_id = $1 AND s.object_key = k.key`,
};
const NAMING = `source_id AS "sourceId", sub_tenant_id AS "subTenantId", object_key AS "objectKey",
  size_bytes::float8 AS "sizeBytes"`;
const ROWS = {
  name: 'reconcile-rows',
  text: `SELECT ${NAMING}, (status = 'available' AND binding_id IS NOT DISTINCT FROM $2::uuid) AS "isWanted"
FROM sources WHERE tenant_id = $1 AND object_key > $3 AND object_key <= $4 ORDER BY object_key LIMIT $5`,
};
const ROW_BY_KEY = {
  name: 'reconcile-row-by-key',
  text: `SELECT ${NAMING} FROM sources WHERE tenant_id = $1 AND object_key = $2 AND status = 'available'`,
};
/** A worker that is at work needs a moment, which is nothing to report, and nor is an upload that somebody is at. */
const STALE = {
  name: 'reconcile-stale-uploads',
  text: `SELECT count(*) OVER ()::integer AS count, json_build_object('tenantId', tenant_id, 'bindingId', binding_id,
  'uploadId', upload_id, 'kind', kind, 'objectKey', object_key, 'expiresAt', expires_at) AS upload
FROM uploads WHERE tenant_id = $1 AND state = 'receiving' AND expires_at <= now() - interval '5 seconds'
  AND (leased_until IS NULL OR leased_until <= now() - interval '5 seconds')
ORDER BY expires_at LIMIT $2`,
};
const UPLOADING = {
  name: 'reconcile-uploading',
  text: `SELECT object_key AS key FROM uploads WHERE tenant_id = $1 AND object_key = ANY ($2::text[])
UNION SELECT attempt_key FROM uploads WHERE tenant_id = $1 AND attempt_key = ANY ($2::text[])`,
};
