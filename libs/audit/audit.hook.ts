import { routeOf, type GatewayReply, type GatewayRequest } from '#http';
import { Readable } from 'node:stream';

import { eventOf, readEventOf, readEventsOf, toldEventOf } from './audit-event.js';
import type { AuditLog, ClaimedToken } from './audit-log.js';
import { countIds } from './event-group.js';

/** A hook before an answer goes out. */
export type AnswerHook = (
  request: GatewayRequest,
  reply: GatewayReply,
  payload: unknown,
  done: (error?: Error | null) => void,
) => void;

/**
 * Writes down what is refused, and what is handed out, before it is answered. Register it as an `onSend` hook. `claimed`
 * reads what a credential that was refused says of itself, null when it says nothing.
 */
export function auditHook(
  log: AuditLog,
  claimed: (request: GatewayRequest) => ClaimedToken | null,
): AnswerHook {
  return (request, reply, payload, done) => {
    const { statusCode } = reply;
    if (statusCode >= 400) writeRefusal(log, request, statusCode, claimed).then(() => done(), done);
    else {
      const written = writeRead(log, request, statusCode);
      if (written === null) done();
      else settle(written, reply, payload, done);
    }
  };
}

/** What cannot be written down is not handed out, nor described. */
function settle(
  written: Promise<unknown>,
  reply: GatewayReply,
  payload: unknown,
  done: (error?: Error) => void,
): void {
  written.then(
    () => done(),
    (error: unknown) => {
      if (payload instanceof Readable) payload.destroy();
      for (const name of Object.keys(reply.getHeaders()))
        if (name !== 'x-request-id') reply.removeHeader(name);
      done(error as Error);
    },
  );
}

function writeRead(log: AuditLog, request: GatewayRequest, statusCode: number): Promise<unknown> | null {
  const audit = routeOf(request).operation?.audit;
  // Nothing is handed out to who holds it already.
  if (!audit || !('read' in audit) || statusCode === 304 || request.method === 'HEAD') return null;
  const { handedOut } = request;
  if (handedOut !== undefined && handedOut !== null) {
    // Told once, and a thousand of them are not to wait for their answer to have gone.
    request.handedOut = null;
    return 'sourceIds' in handedOut
      ? log.handsOut(handedOut.tenantId, countIds(handedOut.sourceIds), () =>
          readEventsOf(request, audit.read, handedOut),
        )
      : log.handsOut(handedOut.tenantId, 1, () => readEventOf(request, audit.read, handedOut));
  }
  const tenantId = readTenant(request);
  if (handedOut === null || tenantId === null) return null;
  return log.handsOut(tenantId, 1, () => toldEventOf(request, audit.read));
}

/** The tenant that a request has looked into: there is one, or it would have been refused. */
function readTenant(request: GatewayRequest): string | null {
  const { tenantContext, params } = request;
  if (tenantContext !== undefined) return tenantContext.tenantId;
  if (routeOf(request).operation?.tenancy !== 'path') return null;
  return (params as { readonly tenant_id?: string }).tenant_id ?? null;
}

async function writeRefusal(
  log: AuditLog,
  request: GatewayRequest,
  statusCode: number,
  claimed: (request: GatewayRequest) => ClaimedToken | null,
): Promise<void> {
  // A JWT that is good and names no role is no principal either.
  if ((statusCode === 401 || statusCode === 403) && request.principal === undefined)
    noteRefused(log, request, claimed(request));
  const tenantId = deniedTenant(request, statusCode);
  if (tenantId !== null) await log.denied(tenantId, denialOf(request));
}

function noteRefused(log: AuditLog, request: GatewayRequest, claim: ClaimedToken | null): void {
  if (claim === null) return;
  const operation = operationOf(request);
  // Why a token was refused is found out where it is written down; of a JWT only the answer says it.
  const details =
    'tokenHash' in claim ? { operation } : { operation, reason: request.errorCode ?? 'unknown' };
  log.refused(claim, eventOf(request, 'authentication.failed', 'denied', details));
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
  return eventOf(request, 'access.denied', 'denied', details);
}

/** The declared route, never what came in its place. */
function operationOf(request: GatewayRequest): string {
  return `${request.method} ${routeOf(request).url ?? ''}`;
}
