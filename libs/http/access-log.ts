import type { FastifyInstance } from 'fastify';
import type { Logger } from 'pino';

import { redactTarget } from './redaction.js';

/** One line per answer: what was asked, by whom, how it ended. Never a query, a header or a link. */
export function logAnswers(server: FastifyInstance, logger: Logger): void {
  // Nothing here is looked through for what must not be logged, since all of it is made here of what may be.
  const log = logger.child({}, { redact: [] });
  server.addHook('onResponse', (request, reply, done) => {
    log.info(
      {
        request_id: request.id,
        method: request.method,
        route: request.routeOptions.url ?? null,
        path: redactTarget(request.raw.url ?? '/'),
        status: reply.statusCode,
        duration_ms: Math.round(reply.elapsedTime * 10) / 10,
        tenant_id: request.tenantContext?.tenantId ?? request.principal?.tenant?.tenantId ?? null,
        token_id: request.principal?.tokenId ?? null,
      },
      'request',
    );
    done();
  });
}
