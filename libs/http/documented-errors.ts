import { applyDecorators } from '@nestjs/common';
import { ApiResponse } from '@nestjs/swagger';

import type { OperationOptions } from './operation.js';

const TEXT: Readonly<Record<number, string>> = {
  400: 'The request cannot be parsed, or lacks something it needs.',
  401: 'The token is missing, malformed, unknown, expired or revoked.',
  403: 'The token does not allow this, or its tenant is suspended.',
  404: 'There is no such thing within what the token may see.',
  405: 'The path exists, the method does not.',
  409: 'The state of things does not allow this.',
  410: 'The link has expired or was taken back.',
  412: 'A condition in the request headers does not hold.',
  413: 'The body, or the answer asked for, is larger than allowed.',
  415: 'The body is of a type or coding that this operation does not read.',
  416: 'The range lies outside the content.',
  422: 'A value is not acceptable, or a field is unknown.',
  429: 'Too many requests; `Retry-After` says when to come back.',
  500: 'A fault of the gateway; quote `request_id` when reporting it.',
  503: 'A part the gateway depends on is away; `Retry-After` says when to come back.',
  507: 'The storage is full.',
};

/** Adds every error answer of an operation, with the body of its family, to the OpenAPI document. */
export function documentErrors(options: OperationOptions): MethodDecorator {
  const statuses = [...new Set([...impliedStatuses(options), ...(options.errors ?? [])])].sort(
    (a, b) => a - b,
  );
  return applyDecorators(...statuses.map((status) => documentError(status, options.family ?? 'native')));
}

function impliedStatuses(options: OperationOptions): number[] {
  const statuses = [500, 503];
  if (options.access !== 'public') statuses.push(401, 403);
  if (options.tenancy !== 'none') statuses.push(404);
  if (options.tenancy === 'context' || options.tenancy === 'tenant') statuses.push(400);
  if ((options.body ?? 'none') !== 'none') statuses.push(400, 413, 415, 422);
  return statuses;
}

function documentError(status: number, family: NonNullable<OperationOptions['family']>): MethodDecorator {
  const description = TEXT[status] ?? 'An error.';
  const mediaType = family === 'native' ? 'application/problem+json' : 'application/json';
  const schema = SCHEMAS[family](status, description);
  return ApiResponse({ status, description, content: { [mediaType]: { schema } } });
}

const SCHEMAS = {
  native: (status: number, description: string) => ({
    type: 'object' as const,
    required: ['type', 'title', 'status', 'detail', 'code', 'request_id'],
    properties: {
      type: { type: 'string' as const, example: 'about:blank' },
      title: { type: 'string' as const },
      status: { type: 'integer' as const, example: status },
      detail: { type: 'string' as const, example: description },
      code: { type: 'string' as const, description: 'Stable; decide on this.' },
      request_id: { type: 'string' as const },
      errors: { type: 'array' as const, items: { type: 'object' as const } },
    },
  }),
  'knowledge-base': (_status: number, description: string) => ({
    type: 'object' as const,
    required: ['detail'],
    properties: { detail: { type: 'string' as const, example: description } },
  }),
  fetch: (_status: number, description: string) => ({
    type: 'object' as const,
    required: ['detail'],
    properties: {
      detail: {
        type: 'object' as const,
        required: ['success', 'message', 'error_code'],
        properties: {
          success: { type: 'boolean' as const, example: false },
          message: { type: 'string' as const, example: description },
          error_code: { type: 'string' as const },
        },
      },
    },
  }),
};
