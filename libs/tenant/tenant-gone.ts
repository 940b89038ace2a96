import { isForeignKeyViolation } from '#database';

import { TenantErrors } from './tenant.errors.js';

/**
 * Awaits a write that makes something of a tenant's. When the tenant or sub-tenant was deleted under it, the row has
 * nothing to refer to: that is `tenant_not_found`, as it would have been a moment later.
 */
export async function refuseIfTenantGone<T>(write: Promise<T>): Promise<T> {
  try {
    return await write;
  } catch (error) {
    throw isForeignKeyViolation(error) ? TenantErrors.notFound() : error;
  }
}
