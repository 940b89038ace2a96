import { errorFamilyOf, type GatewayRequest } from '#http';
import type { Principal } from '#kernel';
import type { TenantRequest } from '#tenant';

/** What a request of a principal's shows to the tenant resolvers. */
export function tenantRequest(request: GatewayRequest, principal: Principal): TenantRequest {
  const { headers, body } = request;
  return {
    principal,
    family: errorFamilyOf(request.raw.url ?? '/'),
    headers,
    body,
    host: request.hostname,
    target: request.originalUrl,
  };
}
