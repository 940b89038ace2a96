import multipart from '@fastify/multipart';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { LogController, type FastifyInstance } from 'fastify';
import type { Logger } from 'pino';
import type { IncomingMessage } from 'node:http';

import { logAnswers } from './access-log.js';
import { readBody } from './body-reading.js';
import { holdContinue } from './expect-continue.js';
import { answerBrokenRequest } from './broken-requests.js';
import type { GatewayReply, GatewayRequest } from './gateway-request.js';
import { sendError } from './http-error.filter.js';
import { requestIdOf } from './request-id.js';
import { closeUnreadBodies, refuseUnreadableBodies } from './unread-bodies.js';

/** How the HTTP server behaves. */
export interface ServerOptions {
  readonly logger: Logger;
  /** Peers whose `X-Forwarded-For` is believed for the client's address; empty: nobody's. */
  readonly trustedProxies: readonly string[];
  /** A connection that moves no byte for this long is cut. */
  readonly idleTimeoutMs: number;
  /** Most bytes of one uploaded file. */
  readonly maxUploadBytes: number;
}

/**
 * A Fastify server set up for Nest. Ids in a path may be long (external ids of 1,024 characters, percent-encoded);
 * there is no total time limit on a request, since an upload takes as long as it makes progress, but headers must
 * arrive within a minute and an idle connection is cut.
 */
export function createServerAdapter(options: ServerOptions): FastifyAdapter {
  const adapter = new FastifyAdapter({
    loggerInstance: options.logger,
    logController: new LogController({ disableRequestLogging: true, requestIdLogLabel: 'request_id' }),
    genReqId: requestIdOf,
    frameworkErrors: (error: Error, request: GatewayRequest, reply: GatewayReply) =>
      sendError(request, reply, error),
    clientErrorHandler: answerBrokenRequest,
    trustProxy: options.trustedProxies.length === 0 ? false : [...options.trustedProxies],
    connectionTimeout: options.idleTimeoutMs,
    requestTimeout: 0,
    forceCloseConnections: 'idle',
    return503OnClosing: false,
    routerOptions: { maxParamLength: 16_384, ignoreTrailingSlash: false, caseSensitive: true },
    exposeHeadRoutes: true,
  } as ConstructorParameters<typeof FastifyAdapter>[0]) as FastifyAdapter;
  prepare(adapter.getInstance(), options);
  return adapter;
}

function prepare(server: FastifyInstance, options: ServerOptions): void {
  server.removeAllContentTypeParsers();
  server.addContentTypeParser('*', (request: GatewayRequest, payload: IncomingMessage) =>
    readBody(request, payload),
  );
  void server.register(multipart, {
    limits: {
      fileSize: options.maxUploadBytes + 1,
      // One more than is taken, so that the second is refused for what it is and not as a body too large.
      files: 2,
      fields: 20,
      parts: 24,
      fieldSize: 128 * 1024,
      headerPairs: 100,
    },
    throwFileSizeLimit: false,
  });
  server.addHook('onRequest', (request, reply, done) => {
    void reply.header('x-request-id', request.id);
    // Answers are somebody's own; what may be kept says so itself.
    if (request.routeOptions.config.operation !== undefined) void reply.header('cache-control', 'no-store');
    done();
  });
  holdContinue(server);
  refuseUnreadableBodies(server);
  closeUnreadBodies(server);
  logAnswers(server);
}
