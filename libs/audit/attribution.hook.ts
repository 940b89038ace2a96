import { attributed } from '#database';
import type { GatewayReply, GatewayRequest } from '#http';

/**
 * Has the database write down what a request changes, as the request's own, in the transaction that changes it. Register
 * it as a `preHandler` hook: all that handles a request is inside of it.
 */
export function attributionHook(request: GatewayRequest, _reply: GatewayReply, done: () => void): void {
  const audit = request.routeOptions.config.operation?.audit;
  if (!audit || !('change' in audit)) done();
  else {
    const { principal, id, ip } = request;
    const attribution = {
      action: audit.change,
      token_id: principal?.tokenId ?? null,
      role: principal?.role ?? 'url',
      request_id: id,
      address: ip,
    };
    attributed(attribution, done);
  }
}
