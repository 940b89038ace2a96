import { routeOf, type GatewayReply, type GatewayRequest } from '#http';
import type { Registry } from 'prom-client';

import { AnswerTimes } from './answer-times.js';

/** What requests without a route are counted as: their paths are anybody's choice, and there are infinitely many. */
const NO_ROUTE = 'none';
/** Methods of routes; others are counted together, since anybody can think some up. */
const METHODS = new Set(['DELETE', 'GET', 'HEAD', 'OPTIONS', 'PATCH', 'POST', 'PUT']);

/** Counts answers by route, method and status, with the time until their last byte. */
export class RequestMetrics {
  readonly #times: AnswerTimes;

  constructor(registry: Registry) {
    this.#times = new AnswerTimes(registry);
  }

  /** Counts one answer that has been sent, or whose client has gone. */
  record(request: GatewayRequest, { statusCode, elapsedTime }: GatewayReply): void {
    const { method } = request;
    const counted = METHODS.has(method) ? method : 'other';
    this.#times.add(counted, routeOf(request).url ?? NO_ROUTE, statusCode, elapsedTime / 1000);
  }
}
