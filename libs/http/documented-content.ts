import { applyDecorators } from '@nestjs/common';
import { ApiResponse } from '@nestjs/swagger';

import { ReadConditions } from './documented-headers.js';

const text = (description: string, example: string) => ({
  description,
  schema: { type: 'string' as const, example },
});

const ETAG = text(
  'Entity tag of these bytes, for conditions.',
  '"ecf701f727d9e2d77c4aa49ac6fbbcc997278aca010bddeeb961c10cf54d435a"',
);
const HEADERS = {
  ETag: ETAG,
  'Last-Modified': text('When the content was last replaced.', 'Thu, 31 Jan 2030 12:00:00 GMT'),
  'Accept-Ranges': text('One range per request is answered.', 'bytes'),
  'Repr-Digest': text(
    'SHA-256 of the whole content (RFC 9530).',
    'sha-256=:7PcB9yfZ4td8SqSaxvu8yZcnisoBC93uuWHBDPVNQ1o=:',
  ),
  'Content-Disposition': text(
    'Name to save under, in any script (RFC 6266).',
    'attachment; filename="report.pdf"',
  ),
  'Content-Length': text('Bytes of this answer.', '48213'),
};
const PARTIAL_HEADERS = {
  ...HEADERS,
  'Content-Range': text('Which bytes, and of how many.', 'bytes 0-99/48213'),
};

/** Documents an answer that is a source's content: what a client may ask of it, and how it says what it sent. */
export function ApiContent(method: 'GET' | 'HEAD'): MethodDecorator {
  const conditions = ReadConditions(method === 'GET');
  const unchanged = ApiResponse({
    status: 304,
    description: 'The caller holds this version already. No body.',
    headers: { ETag: ETAG },
  });
  if (method === 'HEAD')
    return applyDecorators(
      conditions,
      unchanged,
      ApiResponse({ status: 200, description: 'The headers GET would send, and no body.', headers: HEADERS }),
    );
  return applyDecorators(
    conditions,
    unchanged,
    ApiResponse({ status: 200, description: 'All bytes.', headers: HEADERS, content: bytes('%PDF-1.7 ...') }),
    ApiResponse({
      status: 206,
      description: 'The bytes of the range.',
      headers: PARTIAL_HEADERS,
      content: bytes('%PDF'),
    }),
  );
}

/** The media type is the source's own, whatever it is. */
function bytes(example: string) {
  return { '*/*': { schema: { type: 'string' as const, format: 'binary' }, example } };
}
