import { isUtf8 } from 'node:buffer';

/**
 * True for text that PostgreSQL can store and that survives UTF-8: no NUL (SQLSTATE 22021) and no lone
 * surrogate, which would silently turn into U+FFFD. False for whatever is no string.
 */
export function isStorableText(value: unknown): value is string {
  return typeof value === 'string' && !value.includes('\u0000') && value.isWellFormed();
}

/** True when every string in a parsed JSON value, property names included, {@link isStorableText}. */
export function isStorableJson(value: unknown): boolean {
  const pending: unknown[] = [value];
  while (pending.length > 0) {
    const next = pending.pop();
    if (typeof next === 'string' && !isStorableText(next)) return false;
    if (typeof next !== 'object' || next === null) continue;
    for (const [key, child] of Object.entries(next)) {
      if (!isStorableText(key)) return false;
      pending.push(child);
    }
  }
  return true;
}

/** Length in characters, that is Unicode code points, as limits on names are stated; `length` counts emoji twice. */
export function characterCount(text: string): number {
  let pairs = 0;
  for (let index = 0; index < text.length; index++)
    if ((text.codePointAt(index) ?? 0) > 0xffff) {
      pairs++;
      index++;
    }
  return text.length - pairs;
}

/** The text of strictly valid UTF-8 (RFC 3629), a byte-order mark kept as its first character; else null. */
export function decodeStrictUtf8(bytes: Buffer): string | null {
  return isUtf8(bytes) ? bytes.toString('utf8') : null;
}
