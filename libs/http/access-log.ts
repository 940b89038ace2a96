import type { FastifyInstance } from 'fastify';

import { redactTarget } from './redaction.js';

/** One line per answer: what was asked, by whom, how it ended. Never a query, a header or a link. */
export function logAnswers(server: FastifyInstance): void {
  server.addHook('onResponse', (request, reply, done) => {
    request.log.info(
      {
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
