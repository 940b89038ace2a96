import { routeOf, type GatewayReply, type GatewayRequest } from '#http';
import { Histogram, type Registry } from 'prom-client';

/** Upper bounds in seconds: cached answers take less than the first, large files more than the last. */
const BUCKETS = [0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5, 30];

/** What requests without a route are counted as: their paths are anybody's choice, and there are infinitely many. */
const NO_ROUTE = 'none';
/** Methods of routes; others are counted together, since anybody can think some up. */
const METHODS = new Set(['DELETE', 'GET', 'HEAD', 'OPTIONS', 'PATCH', 'POST', 'PUT']);

/** Counts answers by route, method and status, with the time until their last byte. */
export class RequestMetrics {
  readonly #seconds: Histogram<'method' | 'route' | 'status'>;

  constructor(registry: Registry) {
    this.#seconds = new Histogram({
      name: 'gatehold_http_request_seconds',
      help: 'Answers by route, method and status, and the time from the request to the last byte of the answer.',
      labelNames: ['method', 'route', 'status'],
      buckets: BUCKETS,
      registers: [registry],
    });
  }

  /** Counts one answer that has been sent, or whose client has gone. */
  record(request: GatewayRequest, { statusCode, elapsedTime }: GatewayReply): void {
    const { method } = request;
    const labels = {
      method: METHODS.has(method) ? method : 'other',
      route: routeOf(request).url ?? NO_ROUTE,
      status: String(statusCode),
    };
    this.#seconds.observe(labels, elapsedTime / 1000);
  }
}
