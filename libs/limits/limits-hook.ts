import type { GatewayReply, GatewayRequest } from '#http';

import type { Limiter } from './limiter.js';

/**
 * Holds requests to the limits that are known with their credential, before their body is read. Register it as an
 * `onRequest` hook after the authentication. Who has no limits is passed on by one look at the principal.
 */
export function limitsHook(
  limiter: Limiter,
): (request: GatewayRequest, reply: GatewayReply, done: (error?: Error) => void) => void {
  return (request, reply, done) => {
    const { principal } = request;
    if (principal?.limits == null) done();
    else limiter.admitPrincipal(request, reply, principal).then(() => done(), done);
  };
}
