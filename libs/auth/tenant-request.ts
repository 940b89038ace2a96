import { errorFamilyOf, type ErrorFamily, type GatewayRequest } from '#http';
import type { Principal } from '#kernel';
import type { TenantRequest } from '#tenant';

/** What a request of a principal's shows to the tenant resolvers. */
export function tenantRequest(request: GatewayRequest, principal: Principal): TenantRequest {
  return new ShownRequest(request, principal);
}

/** Works out what it is asked for alone: few resolvers ask for a host. */
class ShownRequest implements TenantRequest {
  #family: ErrorFamily | null = null;

  constructor(
    private readonly request: GatewayRequest,
    readonly principal: Principal,
  ) {}

  get family(): ErrorFamily {
    return (this.#family ??= errorFamilyOf(this.request.raw.url ?? '/'));
  }

  get headers(): TenantRequest['headers'] {
    return this.request.headers;
  }

  get body(): unknown {
    return this.request.body;
  }

  get host(): string {
    return this.request.hostname;
  }

  get target(): string {
    return this.request.originalUrl;
  }
}
