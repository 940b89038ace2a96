import type { FastifyInstance } from 'fastify';
import { symbols, type DestinationStream, type Logger } from 'pino';

import { routeOf, type GatewayReply, type GatewayRequest } from './gateway-request.js';
import { jsonText } from './json-text.js';
import { logTime } from './log-time.js';
import { redactTargetToJson } from './redaction.js';

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
  const tenantId = tenantContext?.tenantId ?? principal?.tenant?.tenantId;
  return (
    `{"level":"info","time":"${logTime()}","request_id":${jsonText(request.id)},"method":"${request.method}",` +
    `"route":${known.textOf(routeOf(request).url)},"path":${redactTargetToJson(raw.url ?? '/')},` +
    `"status":${reply.statusCode},"duration_ms":${Math.round(reply.elapsedTime * 10) / 10},` +
    `"tenant_id":${known.textOf(tenantId)},"token_id":${known.textOf(principal?.tokenId)},"msg":"request"}\n`
  );
}

/** Texts as JSON, `null` for none: those that come again and again are looked up, which is cheaper than to look through them. */
class KnownTexts {
  readonly #texts = new Map<string, string>();

  textOf(text: string | undefined): string {
    if (text === undefined) return 'null';
    const known = this.#texts.get(text);
    if (known !== undefined) return known;
    if (this.#texts.size >= MOST_TEXTS) this.#texts.clear();
    const json = jsonText(text);
    this.#texts.set(text, json);
    return json;
  }
}

/** Some hundred kilobytes. */
const MOST_TEXTS = 1_000;
const known = new KnownTexts();
