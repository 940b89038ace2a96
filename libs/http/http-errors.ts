import { CodedError, CommonErrors, type ErrorKind } from '#kernel';
import { HttpException } from '@nestjs/common';

/** Kinds that the HTTP layer itself raises. */
export const HttpErrors = {
  notFound: { code: 'not_found', status: 404, title: 'Nothing is here' },
  methodNotAllowed: { code: 'method_not_allowed', status: 405, title: 'The method is not allowed here' },
  unsupportedMediaType: {
    code: 'unsupported_media_type',
    status: 415,
    title: 'The body is of a type not read here',
  },
  timeout: { code: 'request_timeout', status: 408, title: 'The request came too slowly' },
  headersTooLarge: { code: 'headers_too_large', status: 431, title: 'The headers are too large' },
  notImplemented: { code: 'method_not_known', status: 501, title: 'The method is not known' },
  uriTooLong: { code: 'uri_too_long', status: 414, title: 'The path is too long' },
} as const satisfies Record<string, ErrorKind>;

const BY_STATUS: Readonly<Record<number, ErrorKind>> = {
  400: CommonErrors.unparsable,
  404: HttpErrors.notFound,
  405: HttpErrors.methodNotAllowed,
  408: HttpErrors.timeout,
  413: CommonErrors.payloadTooLarge,
  414: HttpErrors.uriTooLong,
  415: HttpErrors.unsupportedMediaType,
  422: CommonErrors.invalid,
  431: HttpErrors.headersTooLarge,
  503: CommonErrors.unavailable,
};

/**
 * Turns whatever was thrown into a coded error. What the framework says about a bad request is kept as a status with
 * a sentence of our own; anything unexpected becomes `internal_error`, whose text tells the caller nothing of it.
 */
export function toCodedError(error: unknown): CodedError {
  if (error instanceof CodedError) return error;
  const status = statusOf(error);
  const kind = status === null ? undefined : BY_STATUS[status];
  if (kind !== undefined) return new CodedError(kind, `${kind.title}.`, { cause: error });
  if (status !== null && status >= 400 && status < 500) {
    return new CodedError(CommonErrors.unparsable, 'The request cannot be understood.', { cause: error });
  }
  return new CodedError(CommonErrors.internal, 'Something went wrong inside the gateway.', { cause: error });
}

function statusOf(error: unknown): number | null {
  if (error instanceof HttpException) return error.getStatus();
  // Fastify's own errors carry the status they stand for.
  if (error instanceof Error && 'statusCode' in error && typeof error.statusCode === 'number')
    return error.statusCode;
  return null;
}
