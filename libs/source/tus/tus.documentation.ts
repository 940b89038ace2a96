import { applyDecorators } from '@nestjs/common';
import { ApiBody, ApiConsumes, ApiHeader } from '@nestjs/swagger';

import { CHECKSUM_ALGORITHMS } from './body-checksum.js';
import { TUS_EXTENSIONS } from './tus-data-store.js';

/** Header fields of tus, for the OpenAPI document. */

const answered = (description: string, example: string | number) => ({
  description,
  schema: { type: typeof example === 'number' ? ('integer' as const) : ('string' as const), example },
});

function sent(name: string, description: string, example: string, required = true): MethodDecorator {
  return ApiHeader({ name, description, required, schema: { type: 'string' }, example });
}

const VERSION = { 'Tus-Resumable': answered('The version of tus that is spoken.', '1.0.0') };
const SOURCE_ID = answered('The source that the upload is for.', '0197c9a2-5b1e-7c3d-8f4a-2b6d9e0c1a57');
const OFFSET = answered('Bytes that are stored for good; where to go on.', 5242880);
const EXPIRES = answered(
  'When the upload ends unless bytes come before. Absent once it is complete.',
  'Thu, 31 Jan 2030 12:00:00 GMT',
);

/** What an answer says of the capabilities. */
export const CAPABILITY_HEADERS = {
  ...VERSION,
  'Tus-Version': answered('Versions of tus that are spoken.', '1.0.0'),
  'Tus-Extension': answered('Extensions of tus that are spoken.', TUS_EXTENSIONS.join(',')),
  'Tus-Checksum-Algorithm': answered(
    'What `Upload-Checksum` may name, the best one first.',
    CHECKSUM_ALGORITHMS.join(','),
  ),
  'Tus-Max-Size': answered('The largest upload in bytes; a tenant may have a smaller bound.', 5368709120),
};

/** What an answer says of an upload that has begun. */
export const BEGUN_HEADERS = {
  ...VERSION,
  Location: answered('Path of the upload.', '/v1/tus/0197c9a2-61d4-7aa0-9b0e-5f2c7d3e8b11'),
  'Upload-Source-Id': SOURCE_ID,
  'Upload-Expires': EXPIRES,
  'Upload-Offset': {
    ...OFFSET,
    description: 'Bytes that are stored for good, when the request brought any.',
  },
};

/** What an answer says of an upload that bytes came for. */
export const RECEIVED_HEADERS = {
  ...VERSION,
  'Upload-Offset': OFFSET,
  'Upload-Source-Id': SOURCE_ID,
  'Upload-Expires': EXPIRES,
};

/** What an answer says of how an upload stands. */
export const STANDING_HEADERS = {
  ...RECEIVED_HEADERS,
  'Upload-Length': answered('Bytes of the whole.', 1073741824),
  'Upload-Metadata': answered('As it was sent.', 'filename cmVwb3J0LnBkZg=='),
};

/** What an answer says that needs no more words. */
export const VERSION_HEADERS = VERSION;

/** Documents the header that every request has. */
export function SpeaksTus(): MethodDecorator {
  return sent('Tus-Resumable', 'The version of tus that the client speaks.', '1.0.0');
}

/** Documents what a request that begins an upload says. */
export function Announces(): MethodDecorator {
  return applyDecorators(
    SpeaksTus(),
    sent('Upload-Length', 'Bytes of the whole.', '1073741824'),
    sent(
      'Upload-Metadata',
      'Pairs of a key and a value in base64: `filename` or `name`, `filetype` or `content_type`, `source_id`, `metadata` ' +
        '(a JSON object), `checksum_sha256` (hex, of the whole). Others are given back by HEAD and mean nothing.',
      'filename cmVwb3J0LnBkZg==,filetype YXBwbGljYXRpb24vcGRm',
      false,
    ),
    BringsBytes(false),
  );
}

/** Documents a body with bytes of an upload. */
export function BringsBytes(required = true): MethodDecorator {
  return applyDecorators(
    ApiConsumes('application/offset+octet-stream'),
    ApiBody({ required, schema: { type: 'string', format: 'binary', example: '%PDF-1.7 ...' } }),
    sent(
      'Upload-Checksum',
      'An algorithm and the checksum of this body in base64. Nothing of the body is kept when it differs.',
      'sha256 7PcB9yfZ4td8SqSaxvu8yZcnisoBC93uuWHBDPVNQ1o=',
      false,
    ),
  );
}

/** Documents where the bytes of a body belong. */
export function SaysWhere(): MethodDecorator {
  return sent(
    'Upload-Offset',
    'Where in the upload the body belongs; 409 unless the upload stands there.',
    '0',
  );
}
