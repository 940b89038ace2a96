import {
  assertGiven,
  type CachedQuery,
  PLATFORM_TAG,
  PlatformDatabase,
  TenantDatabase,
  tenantTag,
} from '#database';
import { andThen, type MaybePromise, newUuid } from '#kernel';
import { refuseIfTenantGone } from '#tenant';
import { Injectable } from '@nestjs/common';

import { placeName, type BindingPlace, type Delivery, type KeptBinding } from './storage-binding.js';

/** What is to become a binding. Credentials are sealed for the id that the store asks them to be sealed for. */
export interface NewBinding {
  readonly place: BindingPlace;
  readonly delivery: Delivery;
  readonly seal: (bindingId: string) => Buffer | null;
}

/** Database access for storage bindings: each tenant's own, and the operator's. */
@Injectable()
export class StorageBindingStore {
  private readonly current: CachedQuery<[tenantId: string], OfTenant>;
  private readonly ofPlatform: CachedQuery<[bindingId: string], KeptBinding | null>;

  constructor(
    private readonly database: TenantDatabase,
    private readonly platform: PlatformDatabase,
  ) {
    const key = (id: string): string => id;
    const dependsOn = ({ tenantId }: OfTenant): string[] => [tenantTag(tenantId)];
    this.current = database.cachedQuery({
      name: 'current-binding',
      key,
      read: async (tenantId) => {
        const { rows } = await database.query<KeptBinding>(tenantId, { ...CURRENT, values: [tenantId] });
        return { tenantId, binding: rows[0] ?? null };
      },
      dependsOn,
    });
    this.ofPlatform = platform.cachedQuery({
      name: 'platform-binding',
      key,
      read: async (bindingId) =>
        (await platform.query<KeptBinding>({ ...PLATFORM_BY_ID, values: [bindingId] })).rows[0] ?? null,
      dependsOn: () => [PLATFORM_TAG],
    });
  }

  /** The binding that new objects of a tenant go to; null while it has none of its own. Cached. */
  findCurrent(tenantId: string): MaybePromise<KeptBinding | null> {
    return andThen(this.current(tenantId), ({ binding }) => binding);
  }

  /** A binding of a tenant, replaced ones too. */
  async find(tenantId: string, bindingId: string): Promise<KeptBinding | null> {
    const { rows } = await this.database.query<KeptBinding>(tenantId, {
      ...BY_ID,
      values: [tenantId, bindingId],
    });
    return rows[0] ?? null;
  }

  /**
   * Makes a binding the tenant's current one and retires the one before. A place that the tenant had before keeps its
   * id and gets the new credentials, so that objects written there stay readable.
   */
  async put(tenantId: string, { place, delivery, seal }: NewBinding): Promise<KeptBinding> {
    // A part that is lost would make it another place.
    assertGiven(Object.values(place));
    return await refuseIfTenantGone(
      this.database.transaction(tenantId, async ({ query }) => {
        // One change of a tenant's binding at a time.
        await query({ ...LOCK, values: [tenantId] });
        const known = await query<{ bindingId: string }>({
          ...BY_PLACE,
          values: [tenantId, placeName(place)],
        });
        const bindingId = known.rows[0]?.bindingId ?? newUuid();
        await query({ ...RETIRE, values: [tenantId, bindingId] });
        const settings = JSON.stringify(place);
        const values = [
          tenantId,
          bindingId,
          place.adapter,
          placeName(place),
          settings,
          seal(bindingId),
          delivery,
        ];
        const { rows } = await query<KeptBinding>({ ...PUT, values });
        const [row] = rows;
        if (row === undefined) throw new Error('A storage binding was not stored.');
        return row;
      }),
    );
  }

  /** Retires the tenant's binding: new objects go to the operator's. False when there was none. */
  async remove(tenantId: string): Promise<boolean> {
    const { rowCount } = await this.database.query(tenantId, { ...REMOVE, values: [tenantId] });
    return rowCount === 1;
  }

  /** What all of a tenant's object keys begin with; null when there is no such tenant. */
  async findTenantKey(tenantId: string): Promise<string | null> {
    const { rows } = await this.database.query<{ tenantKey: string }>(tenantId, {
      ...TENANT_KEY,
      values: [tenantId],
    });
    return rows[0]?.tenantKey ?? null;
  }

  /** The operator's bindings, now and before. Cached. */
  findPlatform(bindingId: string): MaybePromise<KeptBinding | null> {
    return this.ofPlatform(bindingId);
  }

  /** Keeps what the operator has configured, and answers its id: always the same for one place. */
  async ensurePlatform(configured: NewBinding): Promise<string> {
    const { place, delivery, seal } = configured;
    assertGiven(Object.values(place));
    const known = await this.platform.query<{ bindingId: string }>({
      ...PLATFORM_BY_PLACE,
      values: [placeName(place)],
    });
    const bindingId = known.rows[0]?.bindingId ?? newUuid();
    const settings = JSON.stringify(place);
    const values = [bindingId, place.adapter, placeName(place), settings, seal(bindingId), delivery];
    const { rows } = await this.platform.query<{ bindingId: string }>({ ...PLATFORM_PUT, values });
    const kept = rows[0]?.bindingId ?? bindingId;
    // Two gateways that start together both find nothing; the one whose insert came second seals for the first's id.
    return kept === bindingId ? kept : await this.ensurePlatform(configured);
  }
}

/** What is cached of a tenant: that it has no binding as well. */
interface OfTenant {
  readonly tenantId: string;
  readonly binding: KeptBinding | null;
}

const COLUMNS = `binding_id AS "bindingId", settings AS place, sealed_credentials AS "sealedCredentials", delivery, revision,
  created_at AS "createdAt", updated_at AS "updatedAt"`;
const CURRENT = {
  name: 'current-storage-binding',
  text: `SELECT ${COLUMNS} FROM storage_bindings WHERE tenant_id = $1 AND retired_at IS NULL`,
};
const TENANT_KEY = {
  name: 'tenant-key',
  text: 'SELECT tenant_key AS "tenantKey" FROM tenants WHERE tenant_id = $1',
};
const BY_ID = {
  name: 'storage-binding',
  text: `SELECT ${COLUMNS} FROM storage_bindings WHERE tenant_id = $1 AND binding_id = $2`,
};
const LOCK = { name: 'lock-tenant', text: 'SELECT FROM tenants WHERE tenant_id = $1 FOR NO KEY UPDATE' };
const BY_PLACE = {
  name: 'storage-binding-by-place',
  text: 'SELECT binding_id AS "bindingId" FROM storage_bindings WHERE tenant_id = $1 AND place = $2',
};
const RETIRE = {
  name: 'retire-storage-binding',
  text: `UPDATE storage_bindings SET retired_at = now(), updated_at = now()
WHERE tenant_id = $1 AND retired_at IS NULL AND binding_id <> $2`,
};
const PUT = {
  name: 'put-storage-binding',
  text: `INSERT INTO storage_bindings AS b
  (tenant_id, binding_id, adapter, place, settings, sealed_credentials, delivery)
VALUES ($1, $2, $3, $4, $5::jsonb, $6, $7)
ON CONFLICT (tenant_id, binding_id) DO UPDATE SET settings = excluded.settings,
  sealed_credentials = excluded.sealed_credentials, delivery = excluded.delivery, revision = b.revision + 1,
  updated_at = now(), retired_at = NULL
RETURNING ${COLUMNS}`,
};
const REMOVE = {
  name: 'remove-storage-binding',
  text: `UPDATE storage_bindings SET retired_at = now(), updated_at = now() WHERE tenant_id = $1 AND retired_at IS NULL`,
};
const PLATFORM_BY_ID = {
  name: 'platform-binding',
  text: `SELECT ${COLUMNS} FROM platform_bindings WHERE binding_id = $1`,
};
const PLATFORM_BY_PLACE = {
  name: 'platform-binding-by-place',
  text: 'SELECT binding_id AS "bindingId" FROM platform_bindings WHERE place = $1',
};
const PLATFORM_PUT = {
  name: 'put-platform-binding',
  text: `INSERT INTO platform_bindings AS b (binding_id, adapter, place, settings, sealed_credentials, delivery)
VALUES ($1, $2, $3, $4::jsonb, $5, $6)
ON CONFLICT (place) DO UPDATE SET updated_at = now(),
  settings = CASE WHEN b.binding_id = excluded.binding_id THEN excluded.settings ELSE b.settings END,
  sealed_credentials =
    CASE WHEN b.binding_id = excluded.binding_id THEN excluded.sealed_credentials ELSE b.sealed_credentials END,
  delivery = CASE WHEN b.binding_id = excluded.binding_id THEN excluded.delivery ELSE b.delivery END,
  revision = b.revision + CASE WHEN b.binding_id = excluded.binding_id THEN 1 ELSE 0 END
RETURNING b.binding_id AS "bindingId"`,
};
