import type { AuditAction, GatewayRequest, HandedOut, ManyHandedOut } from '#http';

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
  /** Null where there are none. */
  readonly details: Readonly<Record<string, string | number | boolean>> | null;
}

/** What one answer hands out: events that differ in nothing but what they are about. */
export interface ManyEvents {
  readonly shared: AuditEvent;
  /** UUIDs with commas between them, one at least. */
  readonly targetIds: string;
}

/** An entry of a tenant's log. */
export interface AuditEntry extends Omit<AuditEvent, 'action' | 'details'> {
  /** Says when it was, by the clock of the database: {@link momentOf}. */
  readonly entryId: string;
  readonly action: string;
  readonly details: Readonly<Record<string, unknown>> | null;
}

/** An event of what a request has asked for, as much of it as the request says by itself. */
export function eventOf(
  { principal, tenantContext, id, ip }: GatewayRequest,
  action: AuditAction,
  outcome: AuditOutcome,
  details: AuditEvent['details'],
): AuditEvent {
  return {
    action,
    outcome,
    tokenId: principal?.tokenId ?? null,
    role: principal?.role ?? null,
    linkId: null,
    subTenantId: tenantContext?.subTenantId ?? null,
    targetKind: null,
    targetId: null,
    requestId: id,
    address: ip,
    details,
  };
}

/** An event of something that an answer hands out, where nothing else is said as `action`. */
export function readEventOf(
  { principal, id, ip }: GatewayRequest,
  action: AuditAction,
  { subTenantId, sourceId, action: asked, link }: HandedOut,
): AuditEvent {
  return {
    action: asked ?? action,
    outcome: 'success',
    tokenId: link === undefined ? (principal?.tokenId ?? null) : link.tokenId,
    role: link === undefined ? (principal?.role ?? null) : 'link',
    linkId: link?.linkId ?? null,
    subTenantId,
    targetKind: 'source',
    targetId: sourceId,
    requestId: id,
    address: ip,
    details: null,
  };
}

/** Events of many things that an answer hands out. */
export function readEventsOf(
  request: GatewayRequest,
  action: AuditAction,
  { subTenantId, sourceIds }: ManyHandedOut,
): ManyEvents {
  const event = eventOf(request, action, 'success', null);
  return { shared: { ...event, subTenantId, targetKind: 'source' }, targetIds: sourceIds };
}

/** An event of something that an answer tells. */
export function toldEventOf(request: GatewayRequest, action: AuditAction): AuditEvent {
  const { toldOf } = request;
  const event = eventOf(request, action, 'success', null);
  return toldOf === undefined ? event : { ...event, targetKind: toldOf.kind, targetId: toldOf.id };
}

/** The moment that an entry's id is of, to the millisecond. */
export function momentOf(entryId: string): Date {
  return new Date(parseInt(entryId.slice(0, 8) + entryId.slice(9, 13), 16));
}

/** The least id of a moment: what has a lesser one was before it. */
export function firstIdOf(moment: Date): string {
  const hex = Math.max(0, moment.getTime()).toString(16).padStart(12, '0');
  return `${hex.slice(0, 8)}-${hex.slice(8)}-0000-0000-000000000000`;
}
