import { logTime, REDACTED_LOG_PATHS } from '#http';
import type { LoggerService } from '@nestjs/common';
import { pino, type Logger, type LoggerOptions } from 'pino';

import { LogOutput } from './log-output.js';

/** The process's log: JSON lines on stdout, or another descriptor, with nothing in them that is a credential. */
export function createLogger(level: string, descriptor = 1): Logger {
  const options: LoggerOptions = {
    level,
    base: null,
    timestamp: () => `,"time":"${logTime()}"`,
    redact: { paths: REDACTED_LOG_PATHS, censor: '[redacted]' },
    serializers: { err: serializeError },
    formatters: { level: (label) => ({ level: label }) },
  };
  return pino(options, new LogOutput(descriptor));
}

/**
 * What is logged of a failure: kind, text, place and cause. Database errors also carry the statement's parameters and
 * the offending row, which stay out.
 */
function serializeError(error: unknown, depth = 0): unknown {
  if (!(error instanceof Error)) return String(error);
  const code = 'code' in error ? error.code : undefined;
  return {
    type: error.name,
    message: error.message,
    ...(typeof code === 'string' ? { code } : {}),
    stack: error.stack,
    ...(error.cause === undefined || depth > 3 ? {} : { cause: serializeError(error.cause, depth + 1) }),
  };
}

/** Carries Nest's own messages, and those of features that log through Nest, to the process's log. */
export class NestLogger implements LoggerService {
  constructor(private readonly logger: Logger) {}

  log(message: unknown, ...rest: unknown[]): void {
    // Nest narrates its own start at length; that is worth nothing at the default level.
    this.write('debug', message, rest);
  }

  warn(message: unknown, ...rest: unknown[]): void {
    this.write('warn', message, rest);
  }

  error(message: unknown, ...rest: unknown[]): void {
    this.write('error', message, rest);
  }

  fatal(message: unknown, ...rest: unknown[]): void {
    this.write('fatal', message, rest);
  }

  private write(level: 'debug' | 'warn' | 'error' | 'fatal', message: unknown, rest: unknown[]): void {
    const texts = rest.filter((part) => typeof part === 'string');
    const context = texts.at(-1);
    const err = [message, ...rest].find((part) => part instanceof Error);
    const fields = { ...(context === undefined ? {} : { context }), ...(err === undefined ? {} : { err }) };
    if (typeof message === 'string') this.logger[level](fields, message);
    else if (message instanceof Error) this.logger[level](fields, message.message);
    else this.logger[level]({ ...fields, ...(message as object) }, texts.length > 1 ? texts[0] : undefined);
  }
}
