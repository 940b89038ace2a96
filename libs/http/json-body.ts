import { CodedError, CommonErrors } from '#kernel';
import parseJson from 'secure-json-parse';
import { decodeStrictUtf8 } from './content/text.js';

/** Deepest nesting of arrays and objects that a body may have. */
export const MAX_JSON_DEPTH = 64;

const [QUOTE, BACKSLASH, OPEN_BRACKET, CLOSE_BRACKET, OPEN_BRACE, CLOSE_BRACE] = Buffer.from('"\\[]{}');

/**
 * Reads a JSON request body (RFC 8259): strictly valid UTF-8, a byte-order mark tolerated (§8.1), at most
 * {@link MAX_JSON_DEPTH} levels deep, without `__proto__` or `constructor.prototype` members. Any JSON value is
 * returned, `null` and scalars included; the caller decides what it accepts. Everything else, an empty body
 * included, throws `malformed_request` (400). Neither the message nor a cause quotes the body: it may hold
 * secrets, and errors are logged.
 */
export function parseJsonBody(body: Buffer): unknown {
  if (isBlank(body)) throw unparsable('empty, where JSON was expected');
  const text = decodeStrictUtf8(body);
  if (text === null) throw unparsable('not valid UTF-8');
  if (isDeeperThan(body, MAX_JSON_DEPTH)) throw unparsable(`nested deeper than ${MAX_JSON_DEPTH} levels`);
  try {
    const value: unknown = parseJson(text, { protoAction: 'error', constructorAction: 'error' });
    return value;
  } catch (error) {
    const isPoisoned = error instanceof Error && error.message.includes('forbidden prototype property');
    throw unparsable(
      isPoisoned ? 'a property named __proto__ or constructor.prototype is refused' : 'not valid JSON',
    );
  }
}

function unparsable(reason: string): CodedError {
  return new CodedError(CommonErrors.unparsable, `body: ${reason}.`);
}

function isBlank(body: Buffer): boolean {
  return body.length <= 64 && body.toString('utf8').trim() === '';
}

/**
 * Counts open brackets outside strings before the text is parsed; valid JSON is not assumed. Works on bytes, as
 * none of a multi-byte character's is ASCII, and in a loop, as a pattern would exhaust its stack on a long string.
 */
function isDeeperThan(body: Buffer, limit: number): boolean {
  let depth = 0;
  let inString = false;
  for (let index = 0; index < body.length; index++) {
    const byte = body[index];
    if (byte === QUOTE) inString = !inString;
    else if (inString) index += byte === BACKSLASH ? 1 : 0;
    else if (byte === OPEN_BRACKET || byte === OPEN_BRACE) depth++;
    else if (byte === CLOSE_BRACKET || byte === CLOSE_BRACE) depth--;
    if (depth > limit) return true;
  }
  return false;
}
