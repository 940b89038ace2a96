import { CodedError, CommonErrors } from '#kernel';

const SQLSTATE = /^[0-9A-Z]{5}$/;
const RETRYABLE_STATES = new Set(['40001', '40P01']);
const NETWORK_CODES = new Set(['ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'ETIMEDOUT', 'ENOTFOUND', 'EAI_AGAIN']);

/**
 * Turns "the database is away, full or too slow" into the coded 503 that callers may retry; everything else passes
 * unchanged (a bug must stay visible as one). Classes: 08 connection, 53 resources, 57 operator intervention and
 * statement timeout, 25006 read-only server, 55P03 lock not available (PostgreSQL, appendix A).
 */
export function translateDatabaseError(error: unknown): unknown {
  if (error instanceof CodedError || !isOutage(error)) return error;
  return new CodedError(CommonErrors.unavailable, 'The database is not available at the moment; try again.', {
    cause: error,
    retryAfterSeconds: 2,
  });
}

/** True when repeating the whole transaction may succeed: serialization failure or deadlock. */
export function isRetryable(error: unknown): boolean {
  const state = sqlState(error);
  return state !== null && RETRYABLE_STATES.has(state);
}

/** True when the statement would have made a second row where `constraint` allows one. */
export function isUniqueViolation(error: unknown, constraint?: string): boolean {
  return (
    sqlState(error) === '23505' && (constraint === undefined || property(error, 'constraint') === constraint)
  );
}

/** True when the statement refers to a row that is not there (or would leave such a reference behind). */
export function isForeignKeyViolation(error: unknown): boolean {
  return sqlState(error) === '23503';
}

function isOutage(error: unknown): boolean {
  const state = sqlState(error);
  if (state !== null) return /^(08|53|57)/.test(state) || state === '25006' || state === '55P03';
  const code = property(error, 'code');
  if (typeof code === 'string' && NETWORK_CODES.has(code)) return true;
  return (
    error instanceof Error &&
    /connection|timeout exceeded|Client was closed|pool after calling end/i.test(error.message)
  );
}

function sqlState(error: unknown): string | null {
  const code = property(error, 'code');
  return typeof code === 'string' && SQLSTATE.test(code) ? code : null;
}

function property(error: unknown, name: string): unknown {
  return typeof error === 'object' && error !== null && name in error
    ? (error as Record<string, unknown>)[name]
    : undefined;
}
