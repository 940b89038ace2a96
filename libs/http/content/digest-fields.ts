import { CodedError, CommonErrors } from '#kernel';
import { fieldValue, trimOws, type RequestHeaders } from './request-headers.js';

/** `Content-Digest` covers the bytes of one message, `Repr-Digest` the whole representation (RFC 9530 §2, §3). */
export type DigestField = 'Content-Digest' | 'Repr-Digest';

const SHA256_BYTES = 32;

/** Dictionary members whose values are byte sequences, with parameters (RFC 9651 §3.1.2, §3.2, §3.3.5). */
const KEY = '[a-z*][a-z0-9_.*-]*';
const BYTES = ':[A-Za-z0-9+/]*={0,2}:';
const BARE_ITEM = `-?\\d+(?:\\.\\d+)?|"(?:[ !#-[\\]-~]|\\\\["\\\\])*"|[A-Za-z*][\\w!#$%&'*+.^\`|~:/-]*|${BYTES}|\\?[01]`;
const MEMBER = new RegExp(`(${KEY})=(${BYTES})(?:; *${KEY}(?:=(?:${BARE_ITEM}))?)*`, 'y');
const SEPARATOR = /[ \t]*,[ \t]*/y;

/**
 * The SHA-256 that a digest field declares, as lower-case hex; null when the field is absent, empty or names
 * other algorithms only (unknown ones are ignored, RFC 9530 §2). Throws `malformed_request` (400) when it is no
 * dictionary of byte sequences, or when `sha-256` has not 32 bytes. A repeated key counts once, the last time.
 */
export function parseDigestField(headers: RequestHeaders, field: DigestField): string | null {
  const value = fieldValue(headers, field.toLowerCase());
  if (value === undefined) return null;
  const encoded = parseDictionary(trimOws(value), field).get('sha-256');
  if (encoded === undefined) return null;
  const bytes = Buffer.from(encoded, 'base64');
  if (bytes.length !== SHA256_BYTES)
    throw malformed(field, `sha-256 must be ${SHA256_BYTES} bytes in base64`);
  return bytes.toString('hex');
}

/**
 * The SHA-256 that an upload's whole, unencoded body has to have, as hex, by either field; null when none
 * declares one. Two fields that contradict each other are refused at once (422): no body can satisfy both.
 */
export function declaredSha256(headers: RequestHeaders): string | null {
  const content = parseDigestField(headers, 'Content-Digest');
  const representation = parseDigestField(headers, 'Repr-Digest');
  if (content !== null && representation !== null && content !== representation)
    throw new CodedError(CommonErrors.invalid, 'Repr-Digest: differs from Content-Digest for the same body.');
  return content ?? representation;
}

/** The field value for a stored checksum in hex: `sha-256=:<base64>:`. */
export function formatSha256Digest(hex: string): string {
  return `sha-256=:${Buffer.from(hex, 'hex').toString('base64')}:`;
}

function parseDictionary(text: string, field: DigestField): Map<string, string> {
  const members = new Map<string, string>();
  let at = 0;
  while (at < text.length) {
    MEMBER.lastIndex = at;
    const match = MEMBER.exec(text);
    if (match === null) throw malformed(field, 'not a dictionary of byte sequences');
    members.set(match[1] ?? '', (match[2] ?? '').slice(1, -1));
    at = MEMBER.lastIndex;
    if (at === text.length) break;
    SEPARATOR.lastIndex = at;
    if (!SEPARATOR.test(text) || SEPARATOR.lastIndex === text.length)
      throw malformed(field, 'not a dictionary of byte sequences');
    at = SEPARATOR.lastIndex;
  }
  return members;
}

function malformed(field: DigestField, reason: string): CodedError {
  return new CodedError(
    CommonErrors.unparsable,
    `${field}: ${reason}, such as sha-256=:<base64>: (RFC 9530).`,
  );
}
