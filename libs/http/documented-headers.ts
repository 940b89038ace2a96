import { applyDecorators } from '@nestjs/common';
import { ApiHeader } from '@nestjs/swagger';

import type { OperationOptions } from './operation.js';

/** Documents the headers by which a request names its tenant and sub-tenant. */
export function TenantHeaders(): MethodDecorator {
  return applyDecorators(
    tenantHeader(),
    header(
      'X-Sub-Tenant-Id',
      'Sub-tenant to act in; the default one when absent, empty, `default` or the tenant id.',
    ),
  );
}

/** The tenant headers, where an operation's tenancy has them read. */
export function documentTenantHeaders(options: OperationOptions): MethodDecorator {
  if ((options.family ?? 'native') !== 'native') return applyDecorators();
  if (options.tenancy === 'tenant') return tenantHeader();
  return options.tenancy === 'context' ? TenantHeaders() : applyDecorators();
}

function tenantHeader(): MethodDecorator {
  return header(
    'X-Tenant-Id',
    'Tenant to act in. A platform token needs it; a tenant token implies its own, and any other is refused.',
  );
}

/** The key of a repeatable request, where an operation honours one. */
export function documentIdempotencyKey({ idempotent }: OperationOptions): MethodDecorator {
  if (idempotent === undefined) return applyDecorators();
  return header(
    'Idempotency-Key',
    'Makes a repeat safe: the same key with the same body gets the same answer for 24 hours. 1 to 255 visible ASCII ' +
      'characters, such as a UUID, bare or in quotes.',
  );
}

/** Documents the conditions of a write (RFC 9110 §13.1). */
export function WriteConditions(options: { readonly create?: boolean } = {}): MethodDecorator {
  const match = header('If-Match', 'Only if the source still has this entity tag; 412 otherwise.');
  if (options.create !== true) return match;
  return applyDecorators(
    match,
    header('If-None-Match', '`*`: only if the source does not exist yet; 412 otherwise.'),
  );
}

/** Documents the conditions of a read and, with GET, its range (RFC 9110 §13.1, §14.2). */
export function ReadConditions(withRange: boolean): MethodDecorator {
  const conditions = [
    header('If-None-Match', 'Entity tag already held; 304 when it is still the one.'),
    header('If-Match', 'Entity tag that the content must have; 412 otherwise.'),
  ];
  if (!withRange) return applyDecorators(...conditions);
  return applyDecorators(
    header('Range', 'One range of bytes, such as `bytes=0-99`.'),
    header('If-Range', 'The range counts only while this entity tag is still the one.'),
    ...conditions,
  );
}

/** Documents the digests that a raw body is held to (RFC 9530). */
export function BodyDigests(): MethodDecorator {
  return header('Repr-Digest', '`sha-256=:<base64>:`; the upload is refused when the bytes differ.');
}

function header(name: string, description: string): MethodDecorator {
  return ApiHeader({ name, description, required: false, schema: { type: 'string' } });
}

/** Headers of an answer that describes a source. */
export const SOURCE_HEADERS = {
  ETag: {
    description: 'Entity tag of the description, for `If-Match`.',
    schema: { type: 'string' as const, example: '"m5x0k2aa-1-0"' },
  },
};

/** Headers of an answer that made something. */
export const LOCATION_HEADER = {
  Location: {
    description: 'Path of what was made.',
    schema: { type: 'string' as const, example: '/v1/sources/0197c9a2-5b1e-7c3d-8f4a-2b6d9e0c1a57' },
  },
};

/** Headers of an answer to a request that is limited. */
export const RATE_LIMIT_HEADERS = {
  'RateLimit-Policy': {
    description: 'The limits that the request counts against, where there are any.',
    schema: { type: 'string' as const, example: '"tenant-read";q=100;w=2' },
  },
  RateLimit: {
    description: 'How they stand.',
    schema: { type: 'string' as const, example: '"tenant-read";r=0;t=1' },
  },
};
