import { normalizeContentType, safeFileName, UNKNOWN_CONTENT_TYPE } from '#http';
import mime from 'mime';

/** What clients send when they say nothing: curl's default for a body, and "some bytes". */
const SAYS_NOTHING = new Set(['application/x-www-form-urlencoded', UNKNOWN_CONTENT_TYPE]);

/** The declared media type, or one guessed from the name when none was declared. */
export function contentTypeOf(declared: string | undefined, name: string): string {
  const normalized = normalizeContentType(declared);
  if (!SAYS_NOTHING.has(normalized)) return normalized;
  return mime.getType(safeFileName(name)) ?? UNKNOWN_CONTENT_TYPE;
}
