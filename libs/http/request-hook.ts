import type { MaybePromise } from '#kernel';

import type { GatewayReply, GatewayRequest } from './gateway-request.js';

/** A hook of the server's: calls `done`, or answers a promise of having been passed. What it throws is answered. */
export type RequestHook = (
  request: GatewayRequest,
  reply: GatewayReply,
  done: () => void,
) => Promise<void> | undefined;

/** Ends a hook whose work is done already, or will be. */
export function passOn(work: MaybePromise<void>, done: () => void): Promise<void> | undefined {
  if (work instanceof Promise) return work;
  done();
  return undefined;
}
