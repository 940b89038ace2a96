import { type ArgumentsHost, Catch, type ExceptionFilter } from '@nestjs/common';

import { errorFamilyOf, renderError } from './error-family.js';
import type { GatewayReply, GatewayRequest } from './gateway-request.js';
import { toCodedError } from './http-errors.js';
import { unmatchedError } from './unmatched.js';

/** The one place where a failure becomes an answer, in the shape of the family its path belongs to. */
@Catch()
export class HttpErrorFilter implements ExceptionFilter {
  catch(thrown: unknown, host: ArgumentsHost): void {
    const http = host.switchToHttp();
    const request = http.getRequest<GatewayRequest>();
    const reply = http.getResponse<GatewayReply>();
    sendError(request, reply, request.is404 ? unmatchedError(request, reply) : thrown);
  }
}

/** Answers with an error, logs what lies under it, and closes the connection when a body was left unread. */
export function sendError(request: GatewayRequest, reply: GatewayReply, thrown: unknown): void {
  const error = toCodedError(thrown);
  if (error.kind.status >= 500) request.log.error({ err: error.cause ?? error }, error.message);
  if (reply.sent || reply.raw.headersSent) {
    // Too late for an error body: a cut connection is how the client learns that the transfer broke off.
    reply.raw.destroy();
    return;
  }
  request.errorCode = error.kind.code;
  const rendered = renderError(error, errorFamilyOf(request.raw.url ?? '/'), request.id);
  void reply.code(rendered.status).type(rendered.contentType).header('cache-control', 'no-store');
  // A path that the router cannot decode gets here without having passed the hooks.
  void reply.header('x-request-id', request.id);
  if (error.retryAfterSeconds !== undefined)
    void reply.header('retry-after', String(error.retryAfterSeconds));
  const challenge = challengeFor(error.kind.status, error.kind.code, error.fields);
  if (challenge !== null) void reply.header('www-authenticate', challenge);
  void reply.send(rendered.body);
}

/** RFC 6750 §3: the challenge names the error, except where no credentials came at all (§3.1). */
function challengeFor(
  status: number,
  code: string,
  fields: Readonly<Record<string, unknown>>,
): string | null {
  if (status === 401) {
    if (code === 'credentials_missing') return 'Bearer realm="gatehold"';
    return `Bearer realm="gatehold", error="${code === 'malformed_credentials' ? 'invalid_request' : 'invalid_token'}"`;
  }
  if (code !== 'insufficient_scope') return null;
  const scopes = Array.isArray(fields['required_scopes']) ? fields['required_scopes'].join(' ') : '';
  return `Bearer realm="gatehold", error="insufficient_scope", scope="${scopes}"`;
}
