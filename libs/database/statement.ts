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

/** Names the tenant whose rows the following statements see, until the transaction ends or another is named. */
export function namesTenant(tenantId: string): Statement {
  return { name: 'set-tenant', text: SET_TENANT, values: [tenantId] };
}

/** As {@link namesTenant}, for a tenant known by its opaque key; an unknown key sees no rows. */
export function namesTenantOfKey(tenantKey: string): Statement {
  return { name: 'set-tenant-by-key', text: SET_TENANT_BY_KEY, values: [tenantKey] };
}

/** The following statements see no tenant's rows. */
export function namesNoTenant(): Statement {
  return namesTenant('');
}

const SET_TENANT = "SELECT set_config('gatehold.tenant_id', $1, true)";
const SET_TENANT_BY_KEY = "SELECT set_config('gatehold.tenant_id', coalesce(tenant_of_key($1), ''), true)";
