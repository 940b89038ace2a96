import { parseMediaType } from './media-type.js';

/** Types a browser may run or render with script, beyond XML and `+xml` (WHATWG MIME Sniffing §4.6 and others). */
const ACTIVE = new Set([
  'text/html',
  'text/xsl',
  'text/css',
  'text/cache-manifest',
  'text/vbscript',
  'text/x-component',
  'image/svg',
  'message/rfc822',
  'multipart/related',
  'multipart/x-mixed-replace',
  'application/x-mimearchive',
  'application/xhtml',
  'application/hta',
  'application/wasm',
  'application/x-shockwave-flash',
  'application/x-java-applet',
  'application/x-silverlight-app',
]);
const SCRIPT = /^(?:text|application)\/(?:x-)?(?:java|ecma|live|j)script(?:1\.[0-5])?$/;
const XML = /^(?:text|application)\/xml(?:-[a-z-]+)?$|\+xml$/;

/**
 * Inert types that a browser may show in place. Audio and video are added by family. PDF is here although it
 * can hold script: a viewer runs that in a sandbox of its own, without the origin's cookies or DOM, and an
 * inline preview is what most callers want one for.
 */
const INLINE = new Set([
  'application/json',
  'application/pdf',
  'image/apng',
  'image/avif',
  'image/bmp',
  'image/gif',
  'image/heic',
  'image/heif',
  'image/jpeg',
  'image/jxl',
  'image/png',
  'image/tiff',
  'image/vnd.microsoft.icon',
  'image/webp',
  'image/x-icon',
  'text/csv',
  'text/markdown',
  'text/plain',
]);

/** Text outside `text/*`, XML and JSON families. */
const TEXTUAL = new Set([
  'application/graphql',
  'application/javascript',
  'application/ecmascript',
  'application/json',
  'application/json5',
  'application/jsonl',
  'application/jsonlines',
  'application/ndjson',
  'application/sql',
  'application/toml',
  'application/typescript',
  'application/x-javascript',
  'application/x-json',
  'application/x-jsonlines',
  'application/x-ndjson',
  'application/x-sh',
  'application/x-sql',
  'application/x-subrip',
  'application/x-tex',
  'application/x-typescript',
  'application/x-www-form-urlencoded',
  'application/x-yaml',
  'application/yaml',
  'application/csv',
  'application/markdown',
]);
const TEXTUAL_FAMILY = /^text\/|\+(?:json|xml|yaml|json-seq)$/;
const UTF8_CHARSETS = new Set(['utf-8', 'utf8', 'us-ascii', 'ascii']);

/** True for types that can carry script into the gateway's origin: HTML, XHTML, SVG, any XML, script, MHTML. */
export function isActiveType(contentType: string): boolean {
  const essence = parseMediaType(contentType)?.essence;
  return essence !== undefined && (ACTIVE.has(essence) || SCRIPT.test(essence) || XML.test(essence));
}

/** True for types on the allow-list of inert ones. All others go out as attachments, unknown ones included. */
export function mayBeInline(contentType: string): boolean {
  const essence = parseMediaType(contentType)?.essence;
  if (essence === undefined || isActiveType(contentType)) return false;
  return INLINE.has(essence) || essence.startsWith('audio/') || essence.startsWith('video/');
}

/**
 * True for types whose content can be given out as a JSON string, provided that its bytes are valid UTF-8. A
 * declared charset other than UTF-8 or ASCII makes it binary: bytes that happen to be valid UTF-8 would be
 * read as other characters than were written.
 */
export function isTextualType(contentType: string): boolean {
  const type = parseMediaType(contentType);
  if (type === null) return false;
  const charset = type.parameters.get('charset')?.toLowerCase() ?? 'utf-8';
  if (!UTF8_CHARSETS.has(charset)) return false;
  return TEXTUAL_FAMILY.test(type.essence) || XML.test(type.essence) || TEXTUAL.has(type.essence);
}
