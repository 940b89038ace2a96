import { passOn, routeOf, type GatewayRequest, type RequestHook } from '#http';
import type { Principal, Scope } from '#kernel';

import { goesByScopes, isAllowed, type AccessPolicy, type AccessRequest } from './access-policy.js';
import { AuthErrors } from './auth.errors.js';

/** On requests that the policy has allowed; nobody else has the symbol. */
const ALLOWED = Symbol('allowed');
type AskedAbout = GatewayRequest & { [ALLOWED]?: true };

/**
 * Asks the policy about every request to an operation that wants scopes, before its body is read: whoever may not act
 * is not to cost a body, nor to learn how one is read. Register it as an `onRequest` hook after the authentication.
 * Throws 403 with the scopes that would do.
 */
export function authorizationHook(policy: AccessPolicy): RequestHook {
  return (request, _reply, done) => {
    const access = routeOf(request).operation?.access;
    if (typeof access !== 'object') {
      done();
      return undefined;
    }
    const { principal } = request;
    if (principal === undefined) throw AuthErrors.missing();
    const authorize = goesByScopes(policy) ? askScopes : askPolicy;
    return passOn(authorize(request, { principal, anyOf: access.anyOf }, policy), done);
  };
}

/** As the built-in policy has it, which need not be waited for. */
function askScopes(request: GatewayRequest, { principal, anyOf }: AccessRequest): void {
  if (!anyOf.some((scope) => principal.scopes.has(scope))) throw AuthErrors.scope(anyOf);
  (request as AskedAbout)[ALLOWED] = true;
}

async function askPolicy(
  request: GatewayRequest,
  { principal, anyOf }: AccessRequest,
  policy: AccessPolicy,
): Promise<void> {
  const onFailure = (error: unknown): void =>
    request.log.error({ err: error }, 'The access policy failed, which denies.');
  if (!(await isAllowed(policy, { principal, anyOf }, onFailure))) throw AuthErrors.scope(anyOf);
  request.principal = await withGrantedScopes(policy, principal, onFailure);
  (request as AskedAbout)[ALLOWED] = true;
}

/** Beyond the operation itself, the scopes that the policy would deny do not count either. */
async function withGrantedScopes(
  policy: AccessPolicy,
  principal: Principal,
  onFailure: (error: unknown) => void,
): Promise<Principal> {
  const scopes = new Set<Scope>();
  for (const scope of principal.scopes)
    if (await isAllowed(policy, { principal, anyOf: [scope] }, onFailure)) scopes.add(scope);
  return { ...principal, scopes };
}

/** Whether the policy has allowed a request. A request that it was never asked about is not allowed. */
export function wasAllowed(request: GatewayRequest): boolean {
  return (request as AskedAbout)[ALLOWED] === true;
}
