import type { FastifyBaseLogger } from 'fastify';

type Line = [line: unknown, message?: string, ...values: unknown[]];

/**
 * The logger of one request: the server's, with the request's id on each line. A child of the server's is made once there is
 * something to say, which hardly any request has, since making one costs as much as writing a line of the access log.
 */
export class RequestLog {
  #own: FastifyBaseLogger | undefined;

  constructor(
    private readonly server: FastifyBaseLogger,
    private readonly bindings: Record<string, unknown>,
  ) {}

  get level(): string {
    return this.server.level;
  }

  fatal(...line: Line): void {
    this.#write('fatal', line);
  }

  error(...line: Line): void {
    this.#write('error', line);
  }

  warn(...line: Line): void {
    this.#write('warn', line);
  }

  info(...line: Line): void {
    this.#write('info', line);
  }

  debug(...line: Line): void {
    this.#write('debug', line);
  }

  trace(...line: Line): void {
    this.#write('trace', line);
  }

  silent(): void {
    // As pino's own: a level that is never written.
  }

  child(...of: Parameters<FastifyBaseLogger['child']>): FastifyBaseLogger {
    return this.#itself().child(...of);
  }

  #write(level: 'fatal' | 'error' | 'warn' | 'info' | 'debug' | 'trace', line: Line): void {
    const [what, message, ...values] = line;
    this.#itself()[level](what, message, ...values);
  }

  #itself(): FastifyBaseLogger {
    return (this.#own ??= this.server.child(this.bindings));
  }
}
