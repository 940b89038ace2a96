export * from './content/index.js';
export { tooSlow, type MinimumRate } from './body-pace.js';
export { routeDirectly, type RequestCheck } from './direct-routes.js';
export { ApiContent } from './documented-content.js';
export { ERROR_SCHEMAS } from './documented-errors.js';
export {
  BodyDigests,
  LOCATION_HEADER,
  SOURCE_HEADERS,
  TenantHeaders,
  WriteConditions,
} from './documented-headers.js';
export { errorFamilyOf, type ErrorFamily, type FieldError } from './error-family.js';
export { sendContinue } from './expect-continue.js';
export * from './fields.decorator.js';
export * from './form/index.js';
export { joinedText, reuseOnceSent } from './joined-text.js';
export { logTime } from './log-time.js';
export { routeOf, type GatewayReply, type GatewayRequest } from './gateway-request.js';
export { HttpErrorFilter, sendError } from './http-error.filter.js';
export { HttpErrors } from './http-errors.js';
export { IdempotencyErrors, parseIdempotencyKey } from './idempotency-key.js';
export { JsonList } from './json-list.js';
export { isPlainJsonText } from './json-text.js';
export { parseJsonBody } from './json-body.js';
export {
  OPERATION,
  type Access,
  type AuditAction,
  type HandedOut,
  type ManyHandedOut,
  type OperationOptions,
  type Tenancy,
} from './operation.js';
export { OnceGate } from './once.interceptor.js';
export { Operation } from './operation.decorator.js';
export { Caller, Context, Exchange, type ExchangeParts } from './parameters.decorator.js';
export { REDACTED_LOG_PATHS, redactTarget } from './redaction.js';
export { ApiPage, renderPage, type PageDto } from './page.dto.js';
export { pageRequest, PageQuery } from './page.query.js';
export { passOn, type RequestHook } from './request-hook.js';
export { onChunkSent, onSent } from './sent-chunks.js';
export { createServerAdapter, type Patience, type ServerOptions } from './server.js';
export { hasBody } from './unread-bodies.js';
export { untilAborted } from './until-aborted.js';
export { createValidationPipe, validationFailed } from './validation.pipe.js';
