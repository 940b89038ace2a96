import { formatContentDisposition, type Disposition } from './content-disposition.js';
import { formatSha256Digest } from './digest-fields.js';
import { formatHttpDate } from './http-date.js';
import { mayBeInline } from './media-type-traits.js';
import { normalizeContentType } from './media-type.js';
import type { Validators } from './preconditions.js';

/** Response header fields under lower-case names. */
export type ResponseHeaders = Readonly<Record<string, string>>;

/** One immutable version of a source, as it is about to be sent. */
export interface Representation extends Validators {
  readonly contentType: string;
  readonly name: string;
  /** What was asked for; types outside the inline allow-list go out as attachments all the same. */
  readonly disposition: Disposition;
  readonly sizeBytes: number;
  /** SHA-256 of all bytes in hex; null when it is not known. */
  readonly checksumSha256Hex: string | null;
  /** `caller`: a bearer of a token. `link`: whoever holds a URL, which may be embedded by any site. */
  readonly audience: 'caller' | 'link';
  /** `private`: a browser may keep it but has to ask each time. `no-store`: nothing is kept (one-time links). */
  readonly cachePolicy: 'private' | 'no-store';
}

/**
 * `no-cache` rather than `max-age`: revoking or replacing takes effect at once, while a repeat still costs a
 * 304 only; `no-store` would forbid that (RFC 9111 §5.2.2). `private` keeps shared caches out.
 */
const CACHE_CONTROL = { private: 'private, no-cache', 'no-store': 'private, no-store' } as const;
const LOCKED_DOWN = "default-src 'none'; sandbox";
/**
 * Chromium and Safari refuse to start their PDF viewer in a sandboxed document and style it inline. With
 * `nosniff` the bytes are never taken for HTML, so leaving `sandbox` out gives script in them nothing.
 */
const PDF_VIEWER = "default-src 'none'; style-src 'unsafe-inline'";

/** Fields that every answer to a content request carries, whatever its status. */
export function guardHeaders(representation: Representation): ResponseHeaders {
  const isLink = representation.audience === 'link';
  const isPdfPreview = effectiveDisposition(representation) === 'inline' && isPdf(representation);
  return {
    'cache-control': CACHE_CONTROL[representation.cachePolicy],
    'x-content-type-options': 'nosniff',
    'content-security-policy': isPdfPreview ? PDF_VIEWER : LOCKED_DOWN,
    'referrer-policy': 'no-referrer',
    'cross-origin-resource-policy': isLink ? 'cross-origin' : 'same-origin',
    ...(isLink ? { 'x-robots-tag': 'noindex, nofollow' } : { vary: 'Authorization' }),
  };
}

/** Fields of a 200, and of a 206 apart from its length and Content-Range (RFC 9110 §8, §15.3.7). */
export function contentHeaders(representation: Representation): ResponseHeaders {
  const known = headersOf.get(representation) ?? makeContentHeaders(representation);
  headersOf.set(representation, known);
  return known;
}

/** By who says the same of a source again and again. */
const headersOf = new WeakMap<Representation, ResponseHeaders>();

function makeContentHeaders(representation: Representation): ResponseHeaders {
  const { checksumSha256Hex } = representation;
  return {
    ...guardHeaders(representation),
    'content-type': normalizeContentType(representation.contentType),
    'content-length': String(representation.sizeBytes),
    'content-disposition': formatContentDisposition(
      effectiveDisposition(representation),
      representation.name,
    ),
    'accept-ranges': 'bytes',
    etag: representation.etag,
    'last-modified': formatHttpDate(representation.lastModified),
    ...(checksumSha256Hex === null ? {} : { 'repr-digest': formatSha256Digest(checksumSha256Hex) }),
  };
}

function effectiveDisposition({ disposition, contentType }: Representation): Disposition {
  return disposition === 'inline' && mayBeInline(contentType) ? 'inline' : 'attachment';
}

function isPdf({ contentType }: Representation): boolean {
  return normalizeContentType(contentType).split(';', 1)[0] === 'application/pdf';
}
