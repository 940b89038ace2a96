import { CodedError, CommonErrors } from './errors.js';
import { isUuid } from './ids.js';

/** One page of a list, newest or lowest key first; `nextCursor` is null on the last page. */
export interface Page<T> {
  readonly items: readonly T[];
  readonly nextCursor: string | null;
}

/** What a caller asks of a list. `limit` is 1..100; `cursor` is a `nextCursor` given out before. */
export interface PageRequest {
  readonly limit: number;
  readonly cursor?: string | undefined;
}

/** Rows a list answers with when the caller names no limit, and the most it may name. */
export const DEFAULT_PAGE_LIMIT = 20;
export const MAX_PAGE_LIMIT = 100;

/** Makes the opaque cursor for a keyset position: base64url of a JSON array of strings. */
export function encodeCursor(position: readonly string[]): string {
  return Buffer.from(JSON.stringify(position), 'utf8').toString('base64url');
}

/**
 * Reads a cursor back. A cursor only says where to go on within what the caller may see anyway, so it carries
 * no signature. Throws `malformed_request` when it is not an array of one string for each of `checks` that passes it.
 */
export function parseCursor(cursor: string, ...checks: readonly ((part: string) => boolean)[]): string[] {
  try {
    const value: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8'));
    if (Array.isArray(value) && value.length === checks.length && value.every((part) => isKeyPart(part))) {
      if (checks.every((check, index) => check(value[index] ?? ''))) return value;
    }
  } catch {
    // falls through to the one answer for every damaged cursor
  }
  throw new CodedError(CommonErrors.unparsable, 'cursor: not a cursor of this list.');
}

/** Position in a list that is ordered by a text; '' sorts before all. */
export function parseTextPosition({ cursor }: PageRequest): string {
  return cursor === undefined ? '' : (parseCursor(cursor, (text) => text !== '')[0] ?? '');
}

/** Position in a list that is ordered by time-ordered ids; null is its beginning. */
export function parseIdPosition({ cursor }: PageRequest): string | null {
  return cursor === undefined ? null : (parseCursor(cursor, isUuid)[0] ?? null);
}

/** Where a list that is ordered by time, and by id within one moment, goes on. */
export interface TimePosition {
  readonly createdAt: string;
  readonly id: string;
}

/** Position in a list that is ordered by time and id; null is its beginning. */
export function parseTimePosition({ cursor }: PageRequest): TimePosition | null {
  if (cursor === undefined) return null;
  const [createdAt = '', id = ''] = parseCursor(cursor, isTimestamp, isUuid);
  return { createdAt, id };
}

/** Exactly what `toISOString` makes: PostgreSQL and `Date.parse` disagree about nearly everything else. */
function isTimestamp(text: string): boolean {
  const time = Date.parse(text);
  return /^(?!0000)\d{4}-/.test(text) && !Number.isNaN(time) && new Date(time).toISOString() === text;
}

function isKeyPart(part: unknown): part is string {
  return typeof part === 'string' && !part.includes('\u0000') && part.isWellFormed();
}

/** Cuts `limit + 1` fetched rows into a page, with the cursor of the last row kept. */
export function toPage<T>(
  rows: readonly T[],
  limit: number,
  position: (row: T) => readonly string[],
): Page<T> {
  const items = rows.slice(0, limit);
  const last = items.at(-1);
  const nextCursor = rows.length > limit && last !== undefined ? encodeCursor(position(last)) : null;
  return { items, nextCursor };
}
