import { trimOws } from './request-headers.js';

/** One entity tag: `opaque` is the quoted part, quotes included (RFC 9110 §8.8.3). */
export interface EntityTag {
  readonly weak: boolean;
  readonly opaque: string;
}

const TAG = /(W\/)?("[\x21\x23-\x7e\x80-\xff]*")[ \t]*/y;
const SEPARATORS = /(?:,[ \t]*)+/y;

/**
 * Reads the value of If-Match or If-None-Match: `*`, or a list of entity tags with empty members tolerated
 * (RFC 9110 §5.6.1.2). A comma may stand inside a tag, so the value is scanned and not split. Null when any
 * part of it is malformed, an unquoted tag or a lower-case `w/` included.
 */
export function parseEntityTags(value: string): '*' | readonly EntityTag[] | null {
  const text = trimOws(value);
  if (text === '*') return '*';
  const tags: EntityTag[] = [];
  let at = skipSeparators(text, 0);
  while (at < text.length) {
    TAG.lastIndex = at;
    const match = TAG.exec(text);
    if (match === null) return null;
    tags.push({ weak: match[1] !== undefined, opaque: match[2] ?? '' });
    const next = skipSeparators(text, TAG.lastIndex);
    if (next === TAG.lastIndex && next < text.length) return null;
    at = next;
  }
  return tags.length === 0 ? null : tags;
}

/** Strong comparison: both tags strong and equal (RFC 9110 §8.8.3.2). `current` is a strong, quoted tag. */
export function matchesStrongly(tag: EntityTag, current: string): boolean {
  return !tag.weak && tag.opaque === current;
}

/** Weak comparison: equal apart from a `W/` (RFC 9110 §8.8.3.2). */
export function matchesWeakly(tag: EntityTag, current: string): boolean {
  return tag.opaque === current;
}

function skipSeparators(text: string, at: number): number {
  SEPARATORS.lastIndex = at;
  return SEPARATORS.test(text) ? SEPARATORS.lastIndex : at;
}
