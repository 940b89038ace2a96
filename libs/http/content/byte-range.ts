import { trimOws } from './request-headers.js';

/** A range of bytes, both ends included, counted from 0. */
export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

/** What a Range field asks of a representation of known size. */
export type RangeDecision =
  { readonly kind: 'whole' } | ({ readonly kind: 'part' } & ByteRange) | { readonly kind: 'unsatisfiable' };

const WHOLE: RangeDecision = { kind: 'whole' };
const UNSATISFIABLE: RangeDecision = { kind: 'unsatisfiable' };
const RANGE_SPEC = /^(\d*)-(\d*)$/;

/**
 * Decides a Range field against a size in bytes (RFC 9110 §14.1.1, §14.1.2, §14.2). Only for GET: the field is
 * to be ignored with every other method, HEAD included (§14.2).
 *
 * - absent, another unit, malformed, last before first: ignored, hence `whole`;
 * - more than one range: `whole`, which a server may always choose (§14.2). No list is built into an answer,
 *   so a flood of overlapping ranges costs no more than splitting the field;
 * - first byte at or past the end, or a suffix of length 0: `unsatisfiable` (§14.1.2);
 * - a suffix longer than the representation is all of it, sent as a part;
 * - size 0: `0-` is unsatisfiable; `-1` is satisfiable by §14.1.2, but no Content-Range can say "no bytes", so
 *   the answer is the whole, empty representation.
 */
export function parseByteRange(value: string | undefined, size: number): RangeDecision {
  const spec = soleRangeSpec(value);
  const match = spec === null ? null : RANGE_SPEC.exec(spec);
  if (match === null) return WHOLE;
  const first = significantDigits(match[1]);
  const last = significantDigits(match[2]);
  if (first === null) return last === null ? WHOLE : suffix(last, size);
  if (last !== null && isLess(last, first)) return WHOLE;
  const start = Number(first);
  if (start >= size) return UNSATISFIABLE;
  return { kind: 'part', start, end: last === null ? size - 1 : Math.min(Number(last), size - 1) };
}

/** Content-Range of a 206, or of a 416 when `range` is null (RFC 9110 §14.4). */
export function formatContentRange(range: ByteRange | null, size: number): string {
  return range === null ? `bytes */${size}` : `bytes ${range.start}-${range.end}/${size}`;
}

/** The one member of a `bytes` range set, or null. Unit names ignore case; empty list members do not count. */
function soleRangeSpec(value: string | undefined): string | null {
  if (value === undefined || !/^bytes=/i.test(value)) return null;
  const members = value
    .slice('bytes='.length)
    .split(',')
    .map(trimOws)
    .filter((member) => member !== '');
  return members.length === 1 ? (members[0] ?? null) : null;
}

function suffix(length: string, size: number): RangeDecision {
  if (length === '0') return UNSATISFIABLE;
  if (size === 0) return WHOLE;
  return { kind: 'part', start: Math.max(0, size - Number(length)), end: size - 1 };
}

/** Digits without leading zeros; null when there are none. */
function significantDigits(digits: string | undefined): string | null {
  return digits ? digits.replace(/^0+(?=\d)/, '') : null;
}

/** Compares numerals of any length exactly; a number would round both sides beyond 2^53. */
function isLess(left: string, right: string): boolean {
  return left.length === right.length ? left < right : left.length < right.length;
}
