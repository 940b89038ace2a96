import type { ErrorFamily } from '#http';
import type { Principal } from '#kernel';

/** What a resolver may look at. */
export interface TenantRequest {
  readonly principal: Principal;
  readonly family: ErrorFamily;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  /** The parsed JSON body, if the operation takes one. */
  readonly body: unknown;
  /** Host that the request was sent to, without a port; a proxy's word for it where that proxy is trusted. */
  readonly host: string;
  /** Path and query as sent, whatever {@link TenantResolver.routedTarget} made of it. */
  readonly target: string;
}

/** What a request says about where it wants to act. Either part may be missing. */
export interface TenantClaim {
  readonly tenantId?: string;
  /** As sent: the names that stand for the default sub-tenant are not translated yet. */
  readonly subTenantId?: string;
}

/**
 * Finds out where a request wants to act. It only reads the claim: whether the tenant exists, is in good standing and
 * is within the principal's reach is decided afterwards, once, for every resolver alike.
 * Answers null when the request says nothing in the resolver's language; throws a coded error when what it says
 * cannot be read.
 */
export abstract class TenantResolver {
  abstract resolve(request: TenantRequest): TenantClaim | null;

  /**
   * The path and query that a request is routed by, for resolvers whose tenants are named in the path: without what
   * names them. Called for every request, before anything is known of it; must not throw. As sent unless overridden.
   */
  routedTarget(target: string): string {
    return target;
  }
}
