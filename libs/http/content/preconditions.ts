import { matchesStrongly, matchesWeakly, parseEntityTags } from './entity-tag.js';
import { parseHttpDate } from './http-date.js';
import { fieldValue, type RequestHeaders } from './request-headers.js';

/** What a conditional request is compared with. */
export interface Validators {
  /** A strong entity tag with its quotes, such as `"3f2a"`. */
  readonly etag: string;
  readonly lastModified: Date;
}

export type PreconditionResult = 'proceed' | 'not_modified' | 'precondition_failed';

/**
 * Evaluates If-Match, If-Unmodified-Since, If-None-Match and If-Modified-Since in the order of RFC 9110
 * §13.2.2. `current` is null when the target does not exist. To be called once a request without conditions
 * would have succeeded: a caller who may not see the target must get the same 404 with or without them.
 *
 * A date that is no HTTP-date is ignored, as RFC 9110 demands. It does not say what a malformed list of tags
 * means; here it never lets a request do more harm: If-Match fails, If-None-Match on a read sends the content,
 * If-None-Match on a write fails.
 */
export function evaluatePreconditions(
  method: string,
  headers: RequestHeaders,
  current: Validators | null,
): PreconditionResult {
  if (!mayTouch(headers, current)) return 'precondition_failed';
  const isRead = method === 'GET' || method === 'HEAD';
  const ifNoneMatch = fieldValue(headers, 'if-none-match');
  if (ifNoneMatch !== undefined) {
    if (noneMatches(ifNoneMatch, current, isRead)) return 'proceed';
    return isRead ? 'not_modified' : 'precondition_failed';
  }
  if (!isRead || current === null) return 'proceed';
  const since = dateField(headers, 'if-modified-since');
  return since !== null && seconds(current.lastModified) <= seconds(since) ? 'not_modified' : 'proceed';
}

/** True when a write (PUT, PATCH, DELETE) may go on; false means 412, never 304 (RFC 9110 §13.1.2). */
export function writePreconditionHolds(headers: RequestHeaders, current: Validators | null): boolean {
  return evaluatePreconditions('PUT', headers, current) === 'proceed';
}

/**
 * True when Range is to be honoured: there is no If-Range, or it names exactly the current version (RFC 9110
 * §13.1.5). A weak tag never does, nor does a list or `*`. A date has to equal Last-Modified to the second;
 * a client may send one only if the answer it came from was at least a second younger (§8.8.2.2), so two
 * versions made within one second are not mixed up by clients that keep to that.
 */
export function ifRangeHolds(headers: RequestHeaders, current: Validators): boolean {
  const value = fieldValue(headers, 'if-range');
  if (value === undefined) return true;
  const date = parseHttpDate(value);
  return date === null ? value === current.etag : seconds(date) === seconds(current.lastModified);
}

/** Steps 1 and 2: If-Match or, only in its absence, If-Unmodified-Since. */
function mayTouch(headers: RequestHeaders, current: Validators | null): boolean {
  const ifMatch = fieldValue(headers, 'if-match');
  if (ifMatch !== undefined) {
    const tags = parseEntityTags(ifMatch);
    if (tags === null || current === null) return false;
    return tags === '*' || tags.some((tag) => matchesStrongly(tag, current.etag));
  }
  const until = dateField(headers, 'if-unmodified-since');
  return until === null || current === null || seconds(current.lastModified) <= seconds(until);
}

function noneMatches(value: string, current: Validators | null, isRead: boolean): boolean {
  const tags = parseEntityTags(value);
  if (tags === null) return isRead;
  if (current === null) return true;
  return tags !== '*' && !tags.some((tag) => matchesWeakly(tag, current.etag));
}

function dateField(headers: RequestHeaders, name: string): Date | null {
  const value = fieldValue(headers, name);
  return value === undefined ? null : parseHttpDate(value);
}

/** HTTP dates have no fractions: Last-Modified went out cut to the second, so that is what is compared. */
function seconds(date: Date): number {
  return Math.floor(date.getTime() / 1000);
}
