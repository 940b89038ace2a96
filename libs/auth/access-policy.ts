import type { Principal, Scope } from '#kernel';

/** What somebody wants to do. */
export interface AccessRequest {
  readonly principal: Principal;
  /** The operation accepts any one of these. */
  readonly anyOf: readonly Scope[];
}

/** Whether it may be done. */
export interface AccessDecision {
  readonly allowed: boolean;
}

/**
 * Decides whether a principal may use an operation. Called for every operation that asks for scopes, before anything
 * of the request's body is read; and then for each scope that the principal has, since some operations ask for one more
 * when they know what they are about (a write for `sources:write` when it turns out to replace something). A policy that
 * throws denies.
 */
export abstract class AccessPolicy {
  abstract decide(request: AccessRequest): AccessDecision | Promise<AccessDecision>;
}

/** The built-in policy: the token carries one of the scopes the operation accepts. */
export class RolePolicy extends AccessPolicy {
  decide({ principal, anyOf }: AccessRequest): AccessDecision {
    return { allowed: anyOf.some((scope) => principal.scopes.has(scope)) };
  }
}

/** Whether a policy says just what the scopes say, so that it need not be asked about each of them. */
export function goesByScopes(policy: AccessPolicy): boolean {
  return policy.decide === RolePolicy.prototype.decide;
}
