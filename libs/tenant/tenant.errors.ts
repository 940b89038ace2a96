import { CodedError, type ErrorKind } from '#kernel';

const KINDS = {
  notFound: { code: 'tenant_not_found', status: 404, title: 'No such tenant' },
  exists: { code: 'tenant_already_exists', status: 409, title: 'The tenant exists' },
  notEmpty: { code: 'tenant_not_empty', status: 409, title: 'The tenant holds sources' },
  suspended: { code: 'tenant_suspended', status: 403, title: 'The tenant is suspended' },
  required: { code: 'tenant_required', status: 400, title: 'The request names no tenant' },
  mismatch: { code: 'tenant_mismatch', status: 403, title: 'The token belongs to another tenant' },
  subNotFound: { code: 'sub_tenant_not_found', status: 404, title: 'No such sub-tenant' },
  subExists: { code: 'sub_tenant_already_exists', status: 409, title: 'The sub-tenant exists' },
  subNotEmpty: { code: 'sub_tenant_not_empty', status: 409, title: 'The sub-tenant holds sources' },
  subIsDefault: {
    code: 'cannot_delete_default_sub_tenant',
    status: 409,
    title: 'The default sub-tenant stays',
  },
  subForbidden: {
    code: 'sub_tenant_forbidden',
    status: 403,
    title: 'The token does not reach this sub-tenant',
  },
  scope: { code: 'insufficient_scope', status: 403, title: 'The token lacks a scope' },
} as const satisfies Record<string, ErrorKind>;

/** Failures that concern tenants and sub-tenants. */
export const TenantErrors = {
  kinds: KINDS,
  notFound: () => new CodedError(KINDS.notFound, 'There is no such tenant.'),
  exists: () => new CodedError(KINDS.exists, 'A tenant with this tenant_id exists.'),
  notEmpty: () =>
    new CodedError(
      KINDS.notEmpty,
      'The tenant still holds sources; ?force=true erases them with the tenant.',
    ),
  suspended: () => new CodedError(KINDS.suspended, 'The tenant or sub-tenant is suspended.'),
  required: () => new CodedError(KINDS.required, 'Name the tenant with the X-Tenant-Id header.'),
  mismatch: () =>
    new CodedError(KINDS.mismatch, 'The token does not belong to the tenant that the request names.'),
  contradiction: () =>
    new CodedError(KINDS.mismatch, 'The request names two different tenants or sub-tenants.'),
  subNotFound: () => new CodedError(KINDS.subNotFound, 'There is no such sub-tenant.'),
  subExists: () => new CodedError(KINDS.subExists, 'A sub-tenant with this sub_tenant_id exists.'),
  subNotEmpty: () =>
    new CodedError(
      KINDS.subNotEmpty,
      'The sub-tenant still holds sources; delete them first, or use ?force=true.',
    ),
  subIsDefault: () => new CodedError(KINDS.subIsDefault, 'The default sub-tenant cannot be deleted.'),
  boundsForbidden: () =>
    new CodedError(KINDS.scope, 'Quotas and limits of a tenant need a token with tenants:manage.', {
      fields: { required_scopes: ['tenants:manage'] },
    }),
  forceForbidden: () =>
    new CodedError(KINDS.scope, '?force=true needs the scope tenants:manage.', {
      fields: { required_scopes: ['tenants:manage'] },
    }),
  subForbidden: () => new CodedError(KINDS.subForbidden, 'The token does not reach this sub-tenant.'),
};
