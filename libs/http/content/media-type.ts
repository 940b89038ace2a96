import { trimOws } from './request-headers.js';

/** A parsed media type: `essence` is `type/subtype` in lower case, parameter names are lower case too. */
export interface MediaType {
  readonly essence: string;
  readonly parameters: ReadonlyMap<string, string>;
}

/** What content of unknown or unusable type is served as. */
export const UNKNOWN_CONTENT_TYPE = 'application/octet-stream';
/** Longest content type that is kept, as sent and as stored. */
export const MAX_CONTENT_TYPE_LENGTH = 255;

/** Names by RFC 6838 §4.2, narrower than RFC 9110's token: a wildcard is no type of any content. */
const NAME = '[a-z0-9][a-z0-9!#$&^_.+-]{0,126}';
const ESSENCE = new RegExp(`^${NAME}/${NAME}`, 'i');
const TOKEN = /^[\w!#$%&'*+.^`|~-]+$/;
const PARAMETER = /[ \t]*;[ \t]*(?:([\w!#$%&'*+.^`|~-]+)=([\w!#$%&'*+.^`|~-]+|"(?:[ !#-[\]-~]|\\[ -~])*"))?/y;

/**
 * Reads a Content-Type by the grammar of RFC 9110 §8.3.1, ASCII only. Null for everything else: wildcards,
 * lists, control characters, a missing subtype, a broken parameter, more than 255 characters. Of a parameter
 * given twice the first counts.
 */
export function parseMediaType(value: string): MediaType | null {
  const text = trimOws(value);
  if (text.length > MAX_CONTENT_TYPE_LENGTH) return null;
  const essence = ESSENCE.exec(text)?.[0];
  if (essence === undefined) return null;
  const parameters = new Map<string, string>();
  for (let at = essence.length; at < text.length; at = PARAMETER.lastIndex) {
    PARAMETER.lastIndex = at;
    const match = PARAMETER.exec(text);
    if (match === null) return null;
    const name = match[1]?.toLowerCase();
    if (name !== undefined && !parameters.has(name)) parameters.set(name, unquote(match[2] ?? ''));
  }
  return { essence: essence.toLowerCase(), parameters };
}

/**
 * The form in which a content type is stored and sent: type, subtype, parameter names and charset in lower
 * case, other parameters as given (`codecs`, `boundary`), quoted only where needed. Whatever is no media type
 * becomes `application/octet-stream`, so that no stored value can break or split a response header.
 */
export function normalizeContentType(value: string | undefined): string {
  const type = value === undefined ? null : parseMediaType(value);
  if (type === null) return UNKNOWN_CONTENT_TYPE;
  const parameters = [...type.parameters].map(([name, text]) => {
    const shown = name === 'charset' ? text.toLowerCase() : text;
    return `; ${name}=${TOKEN.test(shown) ? shown : quote(shown)}`;
  });
  const whole = type.essence + parameters.join('');
  return whole.length > MAX_CONTENT_TYPE_LENGTH ? type.essence : whole;
}

function unquote(value: string): string {
  return value.startsWith('"') ? value.slice(1, -1).replace(/\\(.)/g, '$1') : value;
}

function quote(value: string): string {
  return `"${value.replace(/["\\]/g, '\\$&')}"`;
}
