import type { AuditAction, GatewayRequest, HandedOut } from '#http';

/** How something that was tried ended: it was done, it was not allowed, or it could not be done. */
export const OUTCOMES = ['success', 'denied', 'failed'] as const;
export type AuditOutcome = (typeof OUTCOMES)[number];

/** Something that is to be written down. Nothing in it is a secret: no token, no URL, no name and no content of a file. */
export interface AuditEvent {
  readonly action: AuditAction;
  readonly outcome: AuditOutcome;
  /** The token that somebody acted with; null where it was a link, or nobody known. */
  readonly tokenId: string | null;
  readonly role: string | null;
  readonly linkId: string | null;
  readonly subTenantId: string | null;
  readonly targetKind: string | null;
  readonly targetId: string | null;
  readonly requestId: string | null;
  /** Address of the client, behind proxies that are trusted. */
  readonly address: string | null;
  readonly details: Readonly<Record<string, string | number | boolean>>;
}

/** An entry of a tenant's log. */
export interface AuditEntry extends Omit<AuditEvent, 'action'> {
  readonly entryId: string;
  /** By the clock of the database. */
  readonly at: Date;
  readonly action: string;
}

/** What of an event the request says by itself. */
export function eventOf({
  principal,
  tenantContext,
  id,
  ip,
}: GatewayRequest): Omit<AuditEvent, 'action' | 'outcome' | 'details'> {
  return {
    tokenId: principal?.tokenId ?? null,
    role: principal?.role ?? null,
    linkId: null,
    subTenantId: tenantContext?.subTenantId ?? null,
    targetKind: null,
    targetId: null,
    requestId: id,
    address: ip,
  };
}

/** An event of something that an answer hands out, where nothing else is said as `action`. */
export function readEventOf(
  request: GatewayRequest,
  action: AuditAction,
  { subTenantId, sourceId, action: asked, link }: HandedOut,
): AuditEvent {
  return {
    ...eventOf(request),
    ...(link === undefined ? {} : { ...link, role: 'link' }),
    action: asked ?? action,
    outcome: 'success',
    subTenantId,
    targetKind: 'source',
    targetId: sourceId,
    details: {},
  };
}
