import { CommonErrors, type CodedError } from '#kernel';

/** Which shape an error body takes; decided by the path alone, so that it also holds where no route matched. */
export type ErrorFamily = 'native' | 'knowledge-base' | 'fetch';

const FETCH_ROOTS = new Set(['fetch', 'tenants', 'tenant', 'ingestion', 'list', 'delete']);

/** First segment of a path. A target may come with its origin in front (absolute form, RFC 9112 §3.2.2). */
const ROOT = /^(?:https?:\/\/[^/?#]*)?\/+([^/?#]*)/i;

/** The family of a request target. It reads targets as the router does, or a route would act as one of another family. */
export function errorFamilyOf(target: string): ErrorFamily {
  const root = decoded(ROOT.exec(target)?.[1] ?? '').toLowerCase();
  if (root === 'knowledge-base') return 'knowledge-base';
  return FETCH_ROOTS.has(root) ? 'fetch' : 'native';
}

function decoded(segment: string): string {
  if (!segment.includes('%')) return segment;
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}

/** One field that a body or query got wrong. `missing` tells an absent one from a bad one. */
export interface FieldError {
  readonly field: string;
  readonly code: 'missing' | 'unknown' | 'invalid';
  readonly message: string;
}

/** What an error looks like on the wire. */
export interface RenderedError {
  readonly status: number;
  readonly contentType: string;
  readonly body: unknown;
}

/** Renders a coded error in the shape of its family. */
export function renderError(error: CodedError, family: ErrorFamily, requestId: string): RenderedError {
  switch (family) {
    case 'native':
      return renderProblem(error, requestId);
    case 'knowledge-base':
      return json(error.kind.status, { detail: error.message });
    case 'fetch':
      return renderFetchError(error);
  }
}

/** RFC 9457 §3.1; `type` stays `about:blank` (§4.2.1), and the stable name of the error is the member `code`. */
function renderProblem(error: CodedError, requestId: string): RenderedError {
  const { status, title, code } = error.kind;
  return {
    status,
    contentType: 'application/problem+json',
    body: {
      type: 'about:blank',
      title,
      status,
      detail: error.message,
      code,
      request_id: requestId,
      ...error.fields,
    },
  };
}

const FETCH_CODES: Readonly<Record<number, string>> = {
  400: 'INVALID_PARAMETERS',
  401: 'UNAUTHORIZED',
  403: 'FORBIDDEN',
  404: 'NOT_FOUND',
  405: 'METHOD_NOT_ALLOWED',
  408: 'REQUEST_TIMEOUT',
  409: 'CONFLICT',
  413: 'FILE_TOO_LARGE',
  415: 'UNSUPPORTED_MEDIA_TYPE',
  422: 'VALIDATION_ERROR',
  429: 'RATE_LIMITED',
  503: 'UNAVAILABLE',
};

const FETCH_CODES_BY_KIND: Readonly<Record<string, string>> = {
  tenant_not_found: 'TENANT_NOT_FOUND',
  sub_tenant_not_found: 'SUB_TENANT_NOT_FOUND',
  source_not_found: 'FILE_NOT_FOUND',
  tenant_already_exists: 'TENANT_ALREADY_EXISTS',
};

function renderFetchError(error: CodedError): RenderedError {
  const missing = error.kind.code === CommonErrors.invalid.code && hasMissingField(error);
  const status = missing ? 400 : error.kind.status;
  const code = missing
    ? 'INVALID_PARAMETERS'
    : (FETCH_CODES_BY_KIND[error.kind.code] ?? FETCH_CODES[status] ?? fallbackCode(status));
  return json(status, { detail: { success: false, message: error.message, error_code: code } });
}

function hasMissingField(error: CodedError): boolean {
  const errors = error.fields['errors'];
  return Array.isArray(errors) && errors.some((field: Partial<FieldError>) => field.code === 'missing');
}

function fallbackCode(status: number): string {
  return status >= 500 ? 'INTERNAL_ERROR' : 'INVALID_PARAMETERS';
}

function json(status: number, body: unknown): RenderedError {
  return { status, contentType: 'application/json; charset=utf-8', body };
}
