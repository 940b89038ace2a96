import { attributionNow } from './attribution.js';

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
 * makes the changes that follow, which is whoever the caller is {@link attributed} to.
 */
export function namesTenant(tenantId: string): Statement {
  return { name: 'set-tenant', text: SET_TENANT, values: [tenantId, attributionNow()] };
}

/** As {@link namesTenant}, for a tenant known by its opaque key; an unknown key sees no rows. */
export function namesTenantOfKey(tenantKey: string): Statement {
  return { name: 'set-tenant-by-key', text: SET_TENANT_BY_KEY, values: [tenantKey, attributionNow()] };
}

/** The following statements see no tenant's rows. */
export function namesNoTenant(): Statement {
  return namesTenant('');
}

/** Attributes what follows in the transaction to several: each source that is made to its own, by the source's id. */
export function attributesEach(attributions: ReadonlyMap<string, string>): Statement {
  const members = [...attributions].filter(([, json]) => json !== '');
  const each = members.map(([id, json]) => `${JSON.stringify(id)}:${json}`).join(',');
  return { name: 'attribute-each', text: ATTRIBUTE, values: [each === '' ? '' : `{"each":{${each}}}`] };
}

const ATTRIBUTE = "SELECT set_config('gatehold.audit', $1, true)";
const SET_AUDIT = "set_config('gatehold.audit', $2, true)";
const SET_TENANT = `SELECT set_config('gatehold.tenant_id', $1, true), ${SET_AUDIT}`;
const SET_TENANT_BY_KEY = `SELECT set_config('gatehold.tenant_id', coalesce(tenant_of_key($1), ''), true), ${SET_AUDIT}`;
