import { CodedError, CommonErrors } from '#kernel';

const SQLSTATE = /^[0-9A-Z]{5}$/;
const RETRYABLE_STATES = new Set(['40001', '40P01']);
const NETWORK_CODES = new Set([
  'EAI_AGAIN',
  'ECONNABORTED',
  'ECONNREFUSED',
  'ECONNRESET',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'EPIPE',
  'ETIMEDOUT',
]);
/**
 * What pg, its pool and TypeORM say of a connection that was lost, or not got in time; they give no code with it. TypeORM
 * releases a runner whose connection breaks, and to whoever works with it next it says that and nothing else.
 */
const DRIVER_OUTAGE =
  /^Connection terminated|connection error and is not queryable|^timeout (?:exceeded|expired)|^Query read timeout|Client was closed|pool after calling end|connection is not yet established|^Driver not connected|query runner (?:was )?already released/i;

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

/** The database of a setting cannot be reached, or refuses what a start needs. The message is for an operator. */
export class DatabaseUnusableError extends Error {
  constructor(setting: string, cause: unknown) {
    // Several addresses tried in vain make an AggregateError, which has a code but no message.
    const message = cause instanceof Error ? cause.message : '';
    super(
      `The database that ${setting} names cannot be used: ${message === '' ? String(property(cause, 'code')) : message}.`,
      { cause },
    );
    this.name = 'DatabaseUnusableError';
  }
}

/** There is no database of this version where one was expected; nothing was made. The message is for an operator. */
export class NoDatabaseError extends Error {}

/**
 * Runs a step of the start; a failure that lies with the server, the login or the way there names the setting to look
 * at. Classes: 28 authorization, 3D no such database, 42501 not allowed.
 */
export async function usingSetting<T>(setting: string, step: () => Promise<T>): Promise<T> {
  try {
    return await step();
  } catch (error) {
    const state = sqlState(error);
    const known = state !== null && (/^(28|3D)/.test(state) || state === '42501');
    // Without a state the server has said nothing: name resolution, network, TLS.
    if (known || isOutage(error) || (state === null && typeof property(error, 'code') === 'string'))
      throw new DatabaseUnusableError(setting, error);
    throw error;
  }
}

/** True when repeating the whole transaction may succeed: serialization failure or deadlock. */
export function isRetryable(error: unknown): boolean {
  const state = sqlState(error);
  return state !== null && RETRYABLE_STATES.has(state);
}

/**
 * True when the server has refused a statement for what it says or for what others did meanwhile: nothing of its
 * transaction has taken effect, and each of several that it was made of may succeed by itself. Classes: 22 data,
 * 23 integrity, 40 rollback, of which 40003 leaves the outcome open.
 */
export function isRolledBack(error: unknown): boolean {
  const state = sqlState(error);
  return state !== null && /^(22|23|40)/.test(state) && state !== '40003';
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
  return error instanceof Error && DRIVER_OUTAGE.test(error.message);
}

function sqlState(error: unknown): string | null {
  const code = property(error, 'code');
  // EPIPE, for one, has the form of a state.
  return typeof code === 'string' && SQLSTATE.test(code) && !NETWORK_CODES.has(code) ? code : null;
}

function property(error: unknown, name: string): unknown {
  return typeof error === 'object' && error !== null && name in error
    ? (error as Record<string, unknown>)[name]
    : undefined;
}
