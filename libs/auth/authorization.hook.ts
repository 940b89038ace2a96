import type { GatewayReply, GatewayRequest } from '#http';
import { CodedError, type Principal, type Scope } from '#kernel';

import { goesByScopes, type AccessDecision, type AccessPolicy, type AccessRequest } from './access-policy.js';
import { AuthErrors } from './auth.errors.js';

/** Requests that the policy has allowed. */
const allowed = new WeakSet<GatewayRequest>();

/**
 * Asks the policy about every request to an operation that wants scopes, before its body is read: whoever may not act
 * is not to cost a body, nor to learn how one is read. Register it as an `onRequest` hook after the authentication.
 * Throws 403 with the scopes that would do.
 */
export function authorizationHook(
  policy: AccessPolicy,
): (request: GatewayRequest, reply: GatewayReply) => Promise<void> {
  return async (request) => {
    const access = request.routeOptions.config.operation?.access;
    if (typeof access !== 'object') return;
    const { principal } = request;
    if (principal === undefined) throw AuthErrors.missing();
    const { anyOf } = access;
    if (!(await decides(policy, { principal, anyOf }, request))) throw AuthErrors.scope(anyOf);
    request.principal = await withGrantedScopes(policy, principal, request);
    allowed.add(request);
  };
}

/** Beyond the operation itself, the scopes that the policy would deny do not count either. */
async function withGrantedScopes(
  policy: AccessPolicy,
  principal: Principal,
  request: GatewayRequest,
): Promise<Principal> {
  if (goesByScopes(policy)) return principal;
  const scopes = new Set<Scope>();
  for (const scope of principal.scopes)
    if (await decides(policy, { principal, anyOf: [scope] }, request)) scopes.add(scope);
  return { ...principal, scopes };
}

/** Whether the policy has allowed a request. A request that it was never asked about is not allowed. */
export function wasAllowed(request: GatewayRequest): boolean {
  return allowed.has(request);
}

/** A policy that fails has not allowed anything. */
async function decides(
  policy: AccessPolicy,
  asked: AccessRequest,
  request: GatewayRequest,
): Promise<boolean> {
  try {
    // A policy is somebody else's code: whatever is not plainly a yes is none.
    const decision = (await policy.decide(asked)) as Partial<AccessDecision> | undefined;
    return decision?.allowed === true;
  } catch (error) {
    if (error instanceof CodedError) throw error;
    request.log.error({ err: error }, 'The access policy failed, which denies.');
    return false;
  }
}
