import { beginAttributed } from '#database';
import { routeOf, type GatewayReply, type GatewayRequest } from '#http';

/** How long a request may go on to change something after its client has left. */
const LONGEST_AFTERMATH_MS = 60_000;

/**
 * Has the database write down what a request changes, as the request's own, in the transaction that changes it. Register
 * it as a `preHandler` hook: all that handles a request is inside of it.
 */
export function attributionHook(request: GatewayRequest, reply: GatewayReply, done: () => void): void {
  const audit = routeOf(request).operation?.audit;
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
    const end = beginAttributed(attribution, done);
    // What has answered is done. What nobody waits for any more may still have something to change.
    const close = () => {
      if (reply.raw.writableFinished) end();
      else setTimeout(end, LONGEST_AFTERMATH_MS).unref();
    };
    if (reply.raw.closed) close();
    else reply.raw.once('close', close);
  }
}
