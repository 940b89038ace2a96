import type { FastifyInstance } from 'fastify';
import { symbols, type DestinationStream, type Logger } from 'pino';

import { routeOf } from './gateway-request.js';
import { logTime } from './log-time.js';
import { redactTarget } from './redaction.js';

/**
 * One line per answer: what was asked, by whom, how it ended. Never a query, a header or a link. They go where the logger's
 * own lines go and look like them, but are made here: nothing in them has to be looked through for what must not be logged,
 * and pino, which looks at each value by itself, takes several times as long.
 */
export function logAnswers(server: FastifyInstance, logger: Logger): void {
  const output = (logger as unknown as Record<symbol, DestinationStream>)[symbols.streamSym];
  server.addHook('onResponse', (request, reply, done) => {
    if (output !== undefined && logger.isLevelEnabled('info')) {
      const line = {
        level: 'info',
        time: logTime(),
        request_id: request.id,
        method: request.method,
        route: routeOf(request).url ?? null,
        path: redactTarget(request.raw.url ?? '/'),
        status: reply.statusCode,
        duration_ms: Math.round(reply.elapsedTime * 10) / 10,
        tenant_id: request.tenantContext?.tenantId ?? request.principal?.tenant?.tenantId ?? null,
        token_id: request.principal?.tokenId ?? null,
        msg: 'request',
      };
      output.write(`${JSON.stringify(line)}\n`);
    }
    done();
  });
}
