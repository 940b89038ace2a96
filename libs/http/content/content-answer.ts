import { formatContentRange, parseByteRange, type ByteRange } from './byte-range.js';
import {
  contentHeaders,
  guardHeaders,
  type Representation,
  type ResponseHeaders,
} from './content-headers.js';
import { evaluatePreconditions, ifRangeHolds } from './preconditions.js';
import { fieldValue, type RequestHeaders } from './request-headers.js';

/** A GET or HEAD of content, and the version it selects. */
export interface ContentRequest {
  readonly method: string;
  readonly headers: RequestHeaders;
  readonly representation: Representation;
}

/**
 * How to answer. 200 sends all bytes, 206 those of `range`; to HEAD both send none, with the same headers. The
 * others have no content of the source: 304 no body at all, 412 and 416 the error body.
 */
export interface ContentAnswer {
  readonly status: 200 | 206 | 304 | 412 | 416;
  readonly headers: ResponseHeaders;
  /** Set with 206 only. */
  readonly range: ByteRange | null;
}

/**
 * Plans the whole answer to a content request: preconditions first, then If-Range, then Range (RFC 9110
 * §13.2.2). Range is defined for GET alone and has to be ignored with HEAD (§14.2), so HEAD answers as a GET
 * without Range would.
 */
export function planContentAnswer(request: ContentRequest): ContentAnswer {
  const { method, headers, representation } = request;
  const outcome = evaluatePreconditions(method, headers, representation);
  if (outcome === 'not_modified') return notModified(representation);
  const guard = guardHeaders(representation);
  if (outcome === 'precondition_failed') return { status: 412, headers: guard, range: null };

  const size = representation.sizeBytes;
  const isRangeWanted = method === 'GET' && ifRangeHolds(headers, representation);
  const wanted = parseByteRange(isRangeWanted ? fieldValue(headers, 'range') : undefined, size);
  switch (wanted.kind) {
    case 'whole':
      return { status: 200, headers: contentHeaders(representation), range: null };
    case 'unsatisfiable':
      return {
        status: 416,
        headers: { ...guard, 'content-range': formatContentRange(null, size) },
        range: null,
      };
    case 'part':
      return partial(representation, { start: wanted.start, end: wanted.end });
  }
}

/** Repr-Digest stays that of the whole representation, as it does in every 206 (RFC 9530 §3.1). */
function partial(representation: Representation, range: ByteRange): ContentAnswer {
  const headers = {
    ...contentHeaders(representation),
    'content-length': String(range.end - range.start + 1),
    'content-range': formatContentRange(range, representation.sizeBytes),
  };
  return { status: 206, headers, range };
}

/** A 304 carries what a 200 would say to caches, and no other metadata of the content (RFC 9110 §15.4.5). */
function notModified(representation: Representation): ContentAnswer {
  const headers = { ...guardHeaders(representation), etag: representation.etag };
  return { status: 304, headers, range: null };
}
