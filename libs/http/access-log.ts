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

/** Of few pieces, each with what stands before it: to put a text together costs more than what is in it. */
function lineOf(request: GatewayRequest, reply: GatewayReply): string {
  const { principal, tenantContext, raw } = request;
  const tenantId = tenantContext?.tenantId ?? principal?.tenant?.tenantId;
  return (
    start() +
    jsonText(request.id) +
    METHODS.textOf(request.method) +
    ROUTES.textOf(routeOf(request).url) +
    redactTargetToJson(raw.url ?? '/') +
    STATUSES.textOf(reply.statusCode) +
    tenthsOf(reply.elapsedTime) +
    TENANTS.textOf(tenantId) +
    TOKENS.textOf(principal?.tokenId)
  );
}

let [startTime, startText] = ['', ''];

/** How a line begins, which is made once in a millisecond. */
function start(): string {
  const time = logTime();
  if (time !== startTime) {
    startTime = time;
    startText = `{"level":"info","time":"${time}","request_id":`;
  }
  return startText;
}

/** Milliseconds to a tenth, as a number of JSON. */
function tenthsOf(ms: number): string {
  const tenths = Math.round(ms * 10);
  return tenths < MOST_TENTHS ? (TENTHS[tenths] ??= String(tenths / 10)) : String(tenths / 10);
}

/** As many as answers usually take at most. */
const MOST_TENTHS = 1_000;
const TENTHS: string[] = [];

/**
 * What comes again and again, as JSON, `null` for nothing, between two pieces of a line: it is looked up, which is cheaper
 * than to look through it.
 */
class KnownTexts {
  readonly #texts = new Map<string | number | undefined, string>();

  constructor(
    private readonly before: string,
    private readonly behind: string,
  ) {}

  textOf(value: string | number | undefined): string {
    const known = this.#texts.get(value);
    if (known !== undefined) return known;
    if (this.#texts.size >= MOST_TEXTS) this.#texts.clear();
    const text = `${this.before}${JSON.stringify(value ?? null)}${this.behind}`;
    this.#texts.set(value, text);
    return text;
  }
}

/** Some hundred kilobytes. */
const MOST_TEXTS = 1_000;
const METHODS = new KnownTexts(',"method":', ',"route":');
const ROUTES = new KnownTexts('', ',"path":');
const STATUSES = new KnownTexts(',"status":', ',"duration_ms":');
const TENANTS = new KnownTexts(',"tenant_id":', ',"token_id":');
const TOKENS = new KnownTexts('', ',"msg":"request"}\n');
