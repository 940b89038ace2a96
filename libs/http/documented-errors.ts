import type { CodedError } from '#kernel';
import { applyDecorators } from '@nestjs/common';
import { ApiResponse, type ApiResponseOptions } from '@nestjs/swagger';

import { RATE_LIMIT_HEADERS } from './documented-headers.js';
import { renderError, type ErrorFamily } from './error-family.js';
import { impliedErrors, usualError } from './implied-errors.js';
import type { OperationOptions } from './operation.js';

const TEXT: Readonly<Record<number, string>> = {
  400: 'The request cannot be parsed, or lacks something it needs.',
  401: 'The token is missing, malformed, unknown, expired or revoked.',
  403: 'The caller may not do this, or its tenant is suspended.',
  404: 'There is no such thing within what the token may see.',
  408: 'The body came too slowly.',
  409: 'The state of things does not allow this.',
  410: 'The link or upload has expired or was ended, or what it opened is gone.',
  412: 'A condition in the request headers does not hold.',
  413: 'The body, or the answer asked for, is larger than allowed.',
  415: 'The body is of a type or coding that this operation does not read.',
  416: 'The range lies outside the content.',
  422: 'A value is not acceptable, or a field is unknown.',
  423: 'Another request has it for the moment.',
  429: 'A limit of the tenant or token is reached, or too many bad credentials came from the address; `Retry-After` says when to come back.',
  460: 'The body has another checksum than declared (tus).',
  500: 'A fault of the gateway; quote the `X-Request-Id` of the answer when reporting it.',
  503: 'A part the gateway depends on is away; `Retry-After` says when to come back.',
  507: 'The storage is full.',
};

const REQUEST_ID = '0197c9a6-2d40-7a91-b3c5-6e7f8091a2b3';
const CHALLENGE = {
  description: 'RFC 6750: which scheme to use, and what was wrong.',
  schema: { type: 'string' as const, example: 'Bearer realm="gatehold", error="invalid_token"' },
};
const RETRY_AFTER = {
  description: 'Whole seconds until a repeat may succeed, where that is known.',
  schema: { type: 'integer' as const, example: 1 },
};
const HEADERS: Readonly<Record<number, NonNullable<ApiResponseOptions['headers']>>> = {
  401: { 'WWW-Authenticate': CHALLENGE },
  403: { 'WWW-Authenticate': { ...CHALLENGE, description: 'With `insufficient_scope` only (RFC 6750).' } },
  409: { 'Retry-After': { ...RETRY_AFTER, description: 'While something else has to end first.' } },
  429: { 'Retry-After': RETRY_AFTER, ...RATE_LIMIT_HEADERS },
  503: { 'Retry-After': RETRY_AFTER },
};

interface Example {
  readonly status: number;
  readonly mediaType: string;
  readonly name: string;
  readonly summary: string;
  readonly value: unknown;
  /** Whether it says when to come back. */
  readonly retries: boolean;
}

/**
 * Adds every error answer of an operation to the OpenAPI document. The examples are made by what renders the answers
 * themselves, so that they cannot differ from them.
 */
export function documentErrors(options: OperationOptions): MethodDecorator {
  const family = options.family ?? 'native';
  const own = (options.errors ?? []).map((error) => (typeof error === 'number' ? usualError(error) : error));
  const byStatus = new Map<number, Map<string, Example>>();
  for (const error of [...own, ...impliedErrors(options)]) {
    const example = exampleOf(error, family);
    const examples = byStatus.get(example.status) ?? new Map<string, Example>();
    // An operation's own wording comes first and stays.
    if (!examples.has(example.name)) examples.set(example.name, example);
    byStatus.set(example.status, examples);
  }
  const statuses = [...byStatus].sort(([one], [other]) => one - other);
  return applyDecorators(
    ...statuses.map(([status, examples]) => documentError(status, [...examples.values()], family)),
  );
}

function exampleOf(error: CodedError, family: ErrorFamily): Example {
  const { status, contentType, body } = renderError(error, family, REQUEST_ID);
  const mediaType = contentType.split(';', 1)[0] ?? contentType;
  const retries = error.retryAfterSeconds !== undefined;
  return { status, mediaType, name: error.kind.code, summary: error.kind.title, value: body, retries };
}

function documentError(status: number, examples: readonly Example[], family: ErrorFamily): MethodDecorator {
  const mediaType = examples[0]?.mediaType ?? 'application/problem+json';
  return ApiResponse({
    status,
    description: TEXT[status] ?? 'An error.',
    headers: headersOf(status, examples),
    content: {
      [mediaType]: {
        schema: { $ref: `#/components/schemas/${SCHEMA_NAMES[family]}` },
        examples: Object.fromEntries(examples.map(({ name, summary, value }) => [name, { summary, value }])),
      },
    },
  });
}

function headersOf(status: number, examples: readonly Example[]): NonNullable<ApiResponseOptions['headers']> {
  const isConflict = status === 409 && examples.every(({ retries }) => !retries);
  return isConflict ? {} : (HEADERS[status] ?? {});
}

const SCHEMA_NAMES = {
  native: 'Problem',
  'knowledge-base': 'KnowledgeBaseError',
  fetch: 'FetchError',
} as const satisfies Record<ErrorFamily, string>;

/** Schemas of the error bodies, one per family, that the answers refer to by name. */
export const ERROR_SCHEMAS = {
  Problem: {
    type: 'object' as const,
    description: 'RFC 9457 problem details.',
    required: ['type', 'title', 'status', 'detail', 'code', 'request_id'],
    properties: {
      type: { type: 'string' as const, description: '`about:blank`; see `code`.' },
      title: { type: 'string' as const, description: 'The same for every error of a code.' },
      status: { type: 'integer' as const },
      detail: { type: 'string' as const, description: 'What was wrong this time.' },
      code: { type: 'string' as const, description: 'Stable; decide on this.' },
      request_id: {
        type: 'string' as const,
        description: 'Also in the header `X-Request-Id`, and in the log.',
      },
      allowed_content_types: {
        type: 'array' as const,
        items: { type: 'array' as const, items: { type: 'string' as const } },
      },
      max_upload_bytes: { type: 'integer' as const },
      not_before: { type: 'string' as const, format: 'date-time' },
      violated_policies: {
        type: 'array' as const,
        description: 'The limits in the way, by their names in `RateLimit-Policy`.',
        items: { type: 'string' as const },
      },
      quota_of: { type: 'string' as const, enum: ['tenant', 'sub_tenant'] },
      resource: { type: 'string' as const, enum: ['bytes', 'objects'] },
      quota: { type: 'integer' as const },
      used: { type: 'integer' as const },
      requested: { type: 'integer' as const },
      required_scopes: { type: 'array' as const, items: { type: 'string' as const } },
      steps: {
        type: 'array' as const,
        description: 'What was tried, in this order.',
        items: {
          type: 'object' as const,
          required: ['step', 'ok'],
          properties: {
            step: { type: 'string' as const },
            ok: { type: 'boolean' as const, nullable: true, description: 'Null: not tried.' },
            ms: { type: 'integer' as const, description: 'Milliseconds that it took.' },
            reason: { type: 'string' as const, description: 'Why it failed.' },
          },
        },
      },
      errors: {
        type: 'array' as const,
        description: 'The fields at fault.',
        items: {
          type: 'object' as const,
          required: ['field', 'code', 'message'],
          properties: {
            field: { type: 'string' as const },
            code: { type: 'string' as const, enum: ['missing', 'unknown', 'invalid'] },
            message: { type: 'string' as const },
          },
        },
      },
    },
  },
  KnowledgeBaseError: {
    type: 'object' as const,
    required: ['detail'],
    properties: { detail: { type: 'string' as const } },
  },
  FetchError: {
    type: 'object' as const,
    required: ['detail'],
    properties: {
      detail: {
        type: 'object' as const,
        required: ['success', 'message', 'error_code'],
        properties: {
          success: { type: 'boolean' as const, enum: [false] },
          message: { type: 'string' as const },
          error_code: { type: 'string' as const },
        },
      },
    },
  },
};
