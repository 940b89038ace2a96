// What encodeURIComponent leaves as it is although RFC 3986 §2.2 reserves it.
const LEFT_RESERVED = /[!'()*]/g;
const PLAIN = /^[A-Za-z0-9._~-]*$/;
const PLAIN_PATH = /^[A-Za-z0-9._~/-]*$/;

/**
 * Percent-encodes everything but RFC 3986's unreserved characters, in upper-case hex: the `UriEncode` of AWS Signature
 * Version 4. Throws `URIError` for a lone surrogate, which UTF-8 cannot express.
 */
export function encodeUri(text: string): string {
  if (PLAIN.test(text)) return text;
  return encodeURIComponent(text).replace(
    LEFT_RESERVED,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

/** {@link encodeUri} for an object key: the slashes stay. */
export function encodeKey(key: string): string {
  return PLAIN_PATH.test(key) ? key : encodeUri(key).replaceAll('%2F', '/');
}
