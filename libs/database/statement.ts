import { attributionNow, type Attribution } from './attribution.js';

/**
 * One SQL statement with its parameters. `name` must be unique per `text`: PostgreSQL keeps the plan under it on
 * each connection, so that a named statement is parsed and planned once instead of on every call.
 */
export interface Statement {
  readonly name: string;
  readonly text: string;
  readonly values: readonly unknown[];
}

/** What a statement answered. */
export interface StatementResult<Row> {
  readonly rows: Row[];
  /** Rows read or changed. */
  readonly rowCount: number;
}

/**
 * Names the tenant whose rows the following statements see, until the transaction ends or another is named; and who
 * makes the changes that follow, which is whoever the caller is {@link attributed} to. In a transaction that others have
 * been in (`shared`) also that it is nobody: one that has just begun is nobody's.
 */
export function namesTenant(tenantId: string, shared: boolean): Statement {
  const attribution = attributionNow();
  if (attribution === null && !shared) return { name: 'set-tenant', text: SET_TENANT, values: [tenantId] };
  return {
    name: 'set-tenant-and-actor',
    text: `${SET_TENANT}, ${SET_ACTOR}`,
    values: [tenantId, actor(attribution)],
  };
}

/** As {@link namesTenant}, for a tenant known by its opaque key; an unknown key sees no rows. */
export function namesTenantOfKey(tenantKey: string, shared: boolean): Statement {
  const attribution = attributionNow();
  if (attribution === null && !shared)
    return { name: 'set-tenant-by-key', text: SET_TENANT_BY_KEY, values: [tenantKey] };
  return {
    name: 'set-tenant-by-key-and-actor',
    text: `${SET_TENANT_BY_KEY}, ${SET_ACTOR}`,
    values: [tenantKey, actor(attribution)],
  };
}

/** The following statements see no tenant's rows. */
export function namesNoTenant(): Statement {
  return namesTenant('', true);
}

function actor(attribution: Attribution | null): string {
  return attribution === null ? '' : JSON.stringify(attribution);
}

const SET_ACTOR = "set_config('gatehold.audit', $2, true)";
const SET_TENANT = "SELECT set_config('gatehold.tenant_id', $1, true)";
const SET_TENANT_BY_KEY = "SELECT set_config('gatehold.tenant_id', coalesce(tenant_of_key($1), ''), true)";
