import { CodedError, CommonErrors, type ErrorKind } from '#kernel';

import type { ErrorFamily } from './error-family.js';
import { HttpErrors } from './http-errors.js';
import { IdempotencyErrors } from './idempotency-key.js';
import type { OperationOptions } from './operation.js';

/**
 * Errors that the floors above raise for every operation of a kind. This lib may not import them, so their codes stand
 * here once more; test/house/openapi.spec.ts compares them with the ones that are raised.
 */
const GUARD = {
  missing: { code: 'credentials_missing', status: 401, title: 'A token is required' },
  invalid: { code: 'invalid_token', status: 401, title: 'The token is not valid' },
  tooMany: {
    code: 'too_many_failed_authentications',
    status: 429,
    title: 'Too many credentials that were not good',
  },
  rate: { code: 'rate_limited', status: 429, title: 'Too many requests' },
  transfers: { code: 'too_many_transfers', status: 429, title: 'Too many transfers at once' },
  egress: { code: 'egress_exhausted', status: 429, title: 'The egress of the day is used up' },
  organization: { code: 'organization_missing', status: 401, title: 'The token names no organization' },
  scope: { code: 'insufficient_scope', status: 403, title: 'The token lacks a scope' },
  notMapped: { code: 'identity_not_mapped', status: 403, title: 'The identity has no place here' },
  providerAway: {
    code: 'identity_provider_unavailable',
    status: 503,
    title: 'The identity provider cannot be asked',
  },
  suspended: { code: 'tenant_suspended', status: 403, title: 'The tenant is suspended' },
  mismatch: { code: 'tenant_mismatch', status: 403, title: 'The token belongs to another tenant' },
  required: { code: 'tenant_required', status: 400, title: 'The request names no tenant' },
  tenant: { code: 'tenant_not_found', status: 404, title: 'No such tenant' },
  subTenant: { code: 'sub_tenant_not_found', status: 404, title: 'No such sub-tenant' },
  reach: { code: 'sub_tenant_forbidden', status: 403, title: 'The token does not reach this sub-tenant' },
} as const satisfies Record<string, ErrorKind>;

/** The errors that an operation can answer with because of its access, tenancy and body alone. */
export function impliedErrors(options: OperationOptions): CodedError[] {
  return [
    ...accessErrors(options),
    ...limitErrors(options),
    ...tenancyErrors(options),
    ...bodyErrors(options),
    ...keyErrors(options),
    new CodedError(CommonErrors.internal, 'Something went wrong inside the gateway.'),
    new CodedError(CommonErrors.unavailable, 'Temporarily unavailable.', { retryAfterSeconds: 1 }),
  ];
}

/** An error of a status that any operation may have, for those that name it by number. */
export function usualError(status: number): CodedError {
  const kind = USUAL[status];
  if (kind === undefined) throw new Error(`No usual error has the status ${status}.`);
  return kind();
}

const USUAL: Readonly<Record<number, () => CodedError>> = {
  400: () => new CodedError(CommonErrors.unparsable, 'The request cannot be parsed.'),
  404: () => new CodedError(GUARD.tenant, 'There is no such tenant.'),
  408: () => new CodedError(HttpErrors.timeout, 'The body came too slowly.'),
  422: () => invalid('field', 'is not a field of this operation', 'unknown'),
};

function accessErrors({ access }: OperationOptions): CodedError[] {
  if (access === 'public') return [];
  const errors = [
    new CodedError(GUARD.missing, 'Send a token: Authorization: Bearer <token>.'),
    new CodedError(GUARD.invalid, 'The token is unknown, expired or revoked.'),
    new CodedError(GUARD.tooMany, 'Too many bad credentials came from this address.', {
      retryAfterSeconds: 1,
    }),
  ];
  if (access !== 'authenticated') {
    const detail = `This needs a token with ${access.anyOf.join(' or ')}.`;
    errors.push(new CodedError(GUARD.scope, detail, { fields: { required_scopes: access.anyOf } }));
  }
  errors.push(
    new CodedError(GUARD.suspended, 'The tenant or sub-tenant is suspended.'),
    new CodedError(GUARD.notMapped, 'The token is good, but it names no tenant (see the mapping of claims).'),
    new CodedError(GUARD.providerAway, 'The keys of the token’s issuer cannot be fetched.', {
      retryAfterSeconds: 5,
    }),
  );
  return errors;
}

function limitErrors({ access, transfers, body }: OperationOptions): CodedError[] {
  const carriesFile = transfers === true || body === 'raw' || body === 'multipart';
  // Nobody is known whose limits could count.
  if (access === 'public' && !carriesFile) return [];
  const name = carriesFile ? 'content' : 'read';
  const errors = [limited(GUARD.rate, 'Too many requests came of late.', `tenant-${name}`)];
  if (carriesFile)
    errors.push(limited(GUARD.transfers, 'Too many transfers are under way.', 'tenant-transfers'));
  if (transfers === true)
    errors.push(
      limited(GUARD.egress, 'This would be more bytes than may be sent in a day (UTC).', 'tenant-egress'),
    );
  return errors;
}

function limited(kind: ErrorKind, message: string, policy: string): CodedError {
  return new CodedError(kind, message, { fields: { violated_policies: [policy] }, retryAfterSeconds: 1 });
}

function tenancyErrors({ tenancy, family = 'native' }: OperationOptions): CodedError[] {
  if (tenancy === 'none') return [];
  const absent = new CodedError(GUARD.tenant, 'There is no such tenant.');
  if (tenancy === 'path') return [absent];
  return [
    namesNoTenant(family),
    new CodedError(GUARD.mismatch, 'The token does not belong to the tenant that the request names.'),
    absent,
    ...(tenancy === 'context' ? subTenantErrors() : []),
  ];
}

function subTenantErrors(): CodedError[] {
  return [
    new CodedError(GUARD.subTenant, 'There is no such sub-tenant.'),
    new CodedError(GUARD.reach, 'The token does not reach this sub-tenant.'),
  ];
}

function namesNoTenant(family: ErrorFamily): CodedError {
  switch (family) {
    case 'native':
      return new CodedError(GUARD.required, 'Name the tenant with the X-Tenant-Id header.');
    case 'knowledge-base':
      return new CodedError(GUARD.organization, 'Token is missing organization claim.');
    case 'fetch':
      return new CodedError(GUARD.required, 'tenant_id: is required.');
  }
}

function bodyErrors({ body = 'none' }: OperationOptions): CodedError[] {
  switch (body) {
    case 'none':
      return [];
    case 'raw':
      return [
        usualError(400),
        new CodedError(CommonErrors.payloadTooLarge, 'The file is larger than this gateway takes.'),
        new CodedError(HttpErrors.unsupportedMediaType, 'Bodies are read without a content coding.'),
        invalid('name', 'must be text of 1 to 1024 characters without NUL'),
      ];
    case 'multipart':
      return [
        usualError(400),
        new CodedError(CommonErrors.payloadTooLarge, 'The file is larger than this gateway takes.'),
        new CodedError(HttpErrors.unsupportedMediaType, 'This operation reads multipart/form-data.'),
        invalid('name', 'must be text of 1 to 1024 characters without NUL'),
      ];
    case 'json':
      return [
        usualError(400),
        usualError(408),
        new CodedError(CommonErrors.payloadTooLarge, 'A JSON body may have 1048576 bytes at most.'),
        new CodedError(HttpErrors.unsupportedMediaType, 'This operation reads application/json.'),
        invalid('colour', 'is not a field of this operation', 'unknown'),
      ];
  }
}

function keyErrors({ idempotent }: OperationOptions): CodedError[] {
  if (idempotent === undefined) return [];
  return [IdempotencyErrors.malformed(), IdempotencyErrors.inUse(1), IdempotencyErrors.reused()];
}

function invalid(field: string, message: string, code: 'invalid' | 'unknown' = 'invalid'): CodedError {
  return new CodedError(CommonErrors.invalid, `${field}: ${message}.`, {
    fields: { errors: [{ field, code, message }] },
  });
}
