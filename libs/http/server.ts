import { FastifyAdapter } from '@nestjs/platform-fastify';
import { LogController, type FastifyBaseLogger, type FastifyInstance } from 'fastify';
import type { Logger } from 'pino';
import type { IncomingMessage } from 'node:http';

import { logAnswers } from './access-log.js';
import { trackAnswers } from './answers-under-way.js';
import { watchBodies, type MinimumRate } from './body-pace.js';
import { JSON_TYPE_NAME, readBody } from './body-reading.js';
import { holdContinue } from './expect-continue.js';
import { gatherWrites } from './gathered-writes.js';
import { answerBrokenRequest } from './broken-requests.js';
import { routeOf, type GatewayReply, type GatewayRequest } from './gateway-request.js';
import { sendError } from './http-error.filter.js';
import { refuseMalformedQueries } from './query-encoding.js';
import { refuseDoubtfulHosts } from './host-field.js';
import { requestIdOf } from './request-id.js';
import { RequestLog } from './request-log.js';
import { refuseTunnels } from './tunnels.js';
import { closeUnreadBodies, refuseUnreadableBodies } from './unread-bodies.js';

/** How long the server waits for peers that are slow. */
export interface Patience {
  /** A connection that moves no byte for this long, in either direction, is cut. */
  readonly idleMs: number;
  /** A request's headers must be complete this long after its first byte, or after the connection was made. */
  readonly headersMs: number;
  /** A connection without a request is kept for this long after an answer. */
  readonly keepAliveMs: number;
  /** A body that comes more slowly is answered with 408. */
  readonly minimumRate: MinimumRate;
}

/** How the HTTP server behaves. */
export interface ServerOptions {
  readonly logger: Logger;
  /** Peers whose `X-Forwarded-For` is believed for the client's address; empty: nobody's. */
  readonly trustedProxies: readonly string[];
  readonly patience: Patience;
  /** The path and query that a request is routed by, of those that were sent; the same when absent. */
  readonly routedTarget?: (target: string) => string;
}

/** How late, at most, slow headers are noticed. */
const MOST_BETWEEN_CHECKS_MS = 5_000;

/**
 * A Fastify server set up for Nest. Ids in a path may be long (external ids of 1,024 characters, percent-encoded);
 * there is no total time limit on a request, since an upload takes as long as it makes progress, but headers must
 * arrive in time, bodies at a minimum rate, and an idle connection is cut.
 */
export function createServerAdapter(options: ServerOptions): FastifyAdapter {
  const { patience, routedTarget } = options;
  const adapter = new FastifyAdapter({
    loggerInstance: options.logger,
    logController: new LogController({ disableRequestLogging: true, requestIdLogLabel: 'request_id' }),
    childLoggerFactory: (logger: FastifyBaseLogger, bindings: Record<string, unknown>) =>
      new RequestLog(logger, bindings),
    genReqId: requestIdOf,
    frameworkErrors: (error: Error, request: GatewayRequest, reply: GatewayReply) =>
      sendError(request, reply, error),
    clientErrorHandler: answerBrokenRequest,
    trustProxy: options.trustedProxies.length === 0 ? false : [...options.trustedProxies],
    ...(routedTarget === undefined ? {} : { rewriteUrl: ({ url = '/' }) => routedTarget(url) }),
    connectionTimeout: patience.idleMs,
    keepAliveTimeout: patience.keepAliveMs,
    requestTimeout: 0,
    http: {
      requireHostHeader: false,
      requestTimeout: 0,
      headersTimeout: patience.headersMs,
      connectionsCheckingInterval: Math.min(patience.headersMs / 4, MOST_BETWEEN_CHECKS_MS),
    },
    forceCloseConnections: 'idle',
    return503OnClosing: false,
    routerOptions: { maxParamLength: 16_384, ignoreTrailingSlash: false, caseSensitive: true },
    exposeHeadRoutes: true,
  } as ConstructorParameters<typeof FastifyAdapter>[0]) as FastifyAdapter;
  prepare(adapter.getInstance(), options);
  return adapter;
}

const REQUEST_FIELDS = [
  'route',
  'principal',
  'tenantContext',
  'handedOut',
  'toldOf',
  'errorCode',
  'declaredContentType',
] as const;

function prepare(server: FastifyInstance, options: ServerOptions): void {
  server.removeAllContentTypeParsers();
  // By its name as well: a type that has none is parsed, and looked for in vain, with every request.
  server.addContentTypeParser(
    [JSON_TYPE_NAME, '*'],
    (request: GatewayRequest, payload: IncomingMessage, done) => readBody(request, payload, done),
  );
  // Declared, so that all requests have one form in memory, whatever becomes known of them and when.
  for (const name of REQUEST_FIELDS) server.decorateRequest(name);
  server.addHook('onRequest', (request, reply, done) => {
    void reply.header('x-request-id', request.id);
    // Answers are somebody's own; what may be kept says so itself.
    if (routeOf(request).operation !== undefined) void reply.header('cache-control', 'no-store');
    done();
  });
  refuseDoubtfulHosts(server);
  trackAnswers(server);
  gatherWrites(server);
  holdContinue(server);
  refuseTunnels(server);
  watchBodies(server, options.patience.minimumRate);
  refuseMalformedQueries(server);
  refuseUnreadableBodies(server);
  closeUnreadBodies(server);
  logAnswers(server, options.logger);
}
