import { normalizeContentType, parseMediaType, safeFileName, UNKNOWN_CONTENT_TYPE } from '#http';
import mime from 'mime';

/** What clients send when they say nothing: curl's default for a body, and "some bytes". */
const SAYS_NOTHING = new Set(['application/x-www-form-urlencoded', UNKNOWN_CONTENT_TYPE]);

/** The declared media type, or one guessed from the name when none was declared. */
export function contentTypeOf(declared: string | undefined, name: string): string {
  const normalized = normalizeContentType(declared);
  if (!SAYS_NOTHING.has(normalized)) return normalized;
  const safe = safeFileName(name);
  // A name without a dot would be taken for an extension itself.
  return (safe.includes('.') ? mime.getType(safe) : null) ?? UNKNOWN_CONTENT_TYPE;
}

/** A media type to look for, in the form in which they are stored. What is none stays as it is and finds nothing. */
export function contentTypeFilter(wanted: string): string {
  return parseMediaType(wanted) === null ? wanted : normalizeContentType(wanted);
}
