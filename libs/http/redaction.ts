import { jsonText } from './json-text.js';

const LINK = /^\/+([lu])\/[^?#]*/i;
const TOKEN = /gth_[A-Za-z0-9_]+/g;
const LONG_RUN = /[A-Za-z0-9_~.+=-]{64,}/g;
/** Controls, line separators and invisible marks: JSON lets most of them stand, and who shows a line may act on them. */
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;
const MAX_LENGTH = 256;
/** Most targets: nothing in them could be any of the above, since no part is long enough for that, nor needs an escape. */
const PLAIN = /^(?!\/+[lu]\/)(?:\/[a-z0-9_-]{0,40}){1,6}$/i;

/**
 * A request target fit for a log line: no query, no link, nothing that looks like a token, nothing that cannot be
 * printed, bounded in length.
 * Links are credentials in a path; a mistyped one may meet no route, so this looks at the text and not at the route.
 */
export function redactTarget(target: string): string {
  if (isPlain(target)) return target;
  const path = target.split(/[?#]/, 1)[0] ?? '';
  return decoded(path)
    .replace(LINK, (_match, kind: string) => `/${kind.toLowerCase()}/[link]`)
    .replaceAll(TOKEN, '[token]')
    .replaceAll(LONG_RUN, '[redacted]')
    .replaceAll(UNPRINTABLE, encodeURIComponent)
    .slice(0, MAX_LENGTH);
}

/** As {@link redactTarget}, as JSON. */
export function redactTargetToJson(target: string): string {
  return isPlain(target) ? `"${target}"` : jsonText(redactTarget(target));
}

function isPlain(target: string): boolean {
  return PLAIN.test(target) && !target.includes('gth_');
}

/** The router decodes a path before it matches it, so a link works, and must be seen, in any encoding. */
function decoded(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}

/** Where pino must not write what it finds. The form parser logs whole headers, two levels deep, at level `trace`. */
export const REDACTED_LOG_PATHS = [
  'req.headers.authorization',
  'headers.authorization',
  '*.headers',
  'authorization',
  'password',
  'token',
  'secret',
];
