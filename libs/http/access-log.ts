import type { FastifyInstance } from 'fastify';
import { symbols, type DestinationStream, type Logger } from 'pino';

import { routeOf, type GatewayReply, type GatewayRequest } from './gateway-request.js';
import { jsonText } from './json-text.js';
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
    if (output !== undefined && logger.isLevelEnabled('info')) output.write(lineOf(request, reply));
    done();
  });
}

function lineOf(request: GatewayRequest, reply: GatewayReply): string {
  const { principal, tenantContext, raw } = request;
  return (
    `{"level":"info","time":"${logTime()}","request_id":${quoted(request.id)},"method":"${request.method}",` +
    `"route":${quoted(routeOf(request).url)},"path":${quoted(redactTarget(raw.url ?? '/'))},` +
    `"status":${reply.statusCode},"duration_ms":${Math.round(reply.elapsedTime * 10) / 10},` +
    `"tenant_id":${quoted(tenantContext?.tenantId ?? principal?.tenant?.tenantId)},` +
    `"token_id":${quoted(principal?.tokenId)},"msg":"request"}\n`
  );
}

/** A JSON string; `null` for none. */
function quoted(text: string | undefined): string {
  return text === undefined ? 'null' : jsonText(text);
}
