import { type CachedQuery, sourceTag, type TenantDatabase, tenantTag } from '#database';

import { SOURCE_COLUMNS, type Source } from './source.js';

/** A source and how the sub-tenant it lies in stands. */
export interface PlacedSource extends Source {
  readonly subTenantStatus: 'active' | 'suspended';
}

/**
 * Sources by one kind of id, null for those that are not there. Available ones are cached; those that are asked for at
 * the same moment share a look.
 */
export interface GatheredLookup {
  /** In a sub-tenant. */
  readonly byId: Look<Source>;
  readonly byExternalId: Look<Source>;
  /** In whichever sub-tenant it is. */
  readonly inTenant: Look<PlacedSource>;
}

/** Takes the tenant, and a sub-tenant where one is looked in, and an id. */
type Look<Found> = CachedQuery<[place: readonly string[], id: string], Found | null>;

interface Item {
  /** The tenant, and a sub-tenant where one is looked in. */
  readonly place: readonly string[];
  readonly id: string;
}

/**
 * What is found is shared by those who ask for the same, and changed by nobody. The database tells UUIDs apart whatever
 * their case, and answers them in small letters.
 */
export function gatheredLookup(database: TenantDatabase): GatheredLookup {
  const look = <Found extends Source>(
    statement: { readonly name: string; readonly text: string },
    idOf: (source: Found) => string | null,
    dependsOn: (source: Found) => string[],
  ): Look<Found> => {
    const call = database.gathered<Item, Found | null>(async (_key, items) => {
      const [{ place }] = items as readonly [Item, ...Item[]];
      const ids = [...new Set(items.map(({ id }) => id))];
      const { rows } = await database.query<Found>(place[0] ?? '', { ...statement, values: [...place, ids] });
      const found = new Map(rows.map((row) => [idOf(row), row]));
      return items.map(({ id }) => found.get(id) ?? null);
    });
    return database.cachedQuery({
      name: statement.name,
      key: ([tenantId = '', subTenantId], id) =>
        subTenantId === undefined ? `${tenantId} ${id}` : `${tenantId} ${subTenantId} ${id}`,
      read: (place, id) => call(place.join(' '), { place, id }),
      dependsOn: (source) =>
        // One that waits for its content is not announced when it gets it.
        source.status === 'available' ? dependsOn(source) : null,
      isGathered: true,
    });
  };
  return {
    byId: look<Source>(BY_ID, ({ sourceId }) => sourceId, itself),
    byExternalId: look<Source>(BY_EXTERNAL_ID, ({ externalId }) => externalId, itself),
    inTenant: look<PlacedSource>(IN_TENANT, ({ sourceId }) => sourceId, itselfAndTenant),
  };
}

function itself({ tenantId, sourceId }: Source): string[] {
  return [sourceTag(tenantId, sourceId)];
}

function itselfAndTenant(source: Source): string[] {
  return [...itself(source), tenantTag(source.tenantId)];
}

const BY_ID = {
  name: 'sources-by-id',
  text: `SELECT ${SOURCE_COLUMNS} FROM sources s
WHERE s.tenant_id = $1 AND s.sub_tenant_id = $2 AND s.source_id = ANY ($3::uuid[])`,
};
const BY_EXTERNAL_ID = {
  name: 'sources-by-external-id',
  text: `SELECT ${SOURCE_COLUMNS} FROM sources s
WHERE s.tenant_id = $1 AND s.sub_tenant_id = $2 AND s.external_id = ANY ($3::text[])`,
};
const IN_TENANT = {
  name: 'sources-in-tenant',
  text: `SELECT ${SOURCE_COLUMNS}, u.status AS "subTenantStatus" FROM sources s
JOIN sub_tenants u ON u.tenant_id = s.tenant_id AND u.sub_tenant_id = s.sub_tenant_id
WHERE s.tenant_id = $1 AND s.source_id = ANY ($2::uuid[])`,
};
