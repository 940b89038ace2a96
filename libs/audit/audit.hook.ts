import type { GatewayReply, GatewayRequest } from '#http';

import { eventOf } from './audit-event.js';
import type { AuditLog, ClaimedToken } from './audit-log.js';

/** A hook before an answer goes out. */
export type AnswerHook = (
  request: GatewayRequest,
  reply: GatewayReply,
  payload: unknown,
  done: (error?: Error | null) => void,
) => void;

/**
 * Writes refusals down before they are answered. Register it as an `onSend` hook. `claimed` reads what a credential that
 * was refused says of itself, null when it says nothing.
 */
export function auditHook(
  log: AuditLog,
  claimed: (request: GatewayRequest) => ClaimedToken | null,
): AnswerHook {
  return (request, reply, _payload, done) => {
    const { statusCode } = reply;
    if (statusCode < 401 || statusCode > 404) return done();
    if (statusCode === 401) noteRefused(log, request, claimed(request));
    const tenantId = deniedTenant(request, statusCode);
    if (tenantId === null) return done();
    void log.denied(tenantId, denialOf(request)).finally(() => done());
  };
}

function noteRefused(log: AuditLog, request: GatewayRequest, claim: ClaimedToken | null): void {
  if (claim === null || request.principal !== undefined) return;
  const details = { operation: operationOf(request) };
  log.refused(claim, { ...eventOf(request), action: 'authentication.failed', outcome: 'denied', details });
}

/**
 * Whose log a refusal is told to: that of the principal's own tenant, or, for the platform's, of the one it acts in. Null
 * when the answer is none. A tenant that is not the principal's is answered as one that does not exist.
 */
function deniedTenant(
  { principal, tenantContext, errorCode }: GatewayRequest,
  statusCode: number,
): string | null {
  if (principal === undefined) return null;
  const own = principal.tenant?.tenantId ?? null;
  const isForeign = errorCode === 'tenant_not_found' && own !== null;
  return statusCode === 403 || isForeign ? (own ?? tenantContext?.tenantId ?? null) : null;
}

function denialOf(request: GatewayRequest) {
  const details = { operation: operationOf(request), code: request.errorCode ?? 'unknown' };
  return { ...eventOf(request), action: 'access.denied', outcome: 'denied', details } as const;
}

/** The declared route, never what came in its place. */
function operationOf({ method, routeOptions }: GatewayRequest): string {
  return `${method} ${routeOptions.url ?? ''}`;
}
