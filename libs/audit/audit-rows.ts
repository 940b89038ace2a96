import { assertGiven } from '#database';

import type { AuditEvent } from './audit-event.js';

/** An event that happened a moment ago. */
export interface PastEvent {
  readonly event: AuditEvent;
  /** Milliseconds since then. */
  readonly ageMs: number;
}

/** An event as a statement is given it. Throws TypeError where something of it is undefined, which JSON leaves out. */
export function rowOf({ event, ageMs }: PastEvent): Record<string, unknown> {
  const row = { ...commonOf(event, ageMs), target_id: event.targetId };
  assertGiven(row);
  return row;
}

/**
 * Events as a statement is given them, those that differ in nothing but what they are about as one row with all of that: an
 * answer that hands out a thousand files is a thousand events, which say a dozen things each.
 */
export function rowsOf(past: readonly PastEvent[]): Record<string, unknown>[] {
  const rows: { readonly first: PastEvent; readonly targets: (string | null)[] }[] = [];
  for (const one of past) {
    const last = rows.at(-1);
    if (last !== undefined && isAlike(last.first, one)) last.targets.push(one.event.targetId);
    else rows.push({ first: one, targets: [one.event.targetId] });
  }
  return rows.map(({ first: { event, ageMs }, targets }) => {
    const row = { ...commonOf(event, ageMs), target_ids: targets };
    assertGiven(row);
    return row;
  });
}

function commonOf(event: AuditEvent, ageMs: number): Record<string, unknown> {
  if (event.details !== null) assertGiven(event.details);
  return {
    age_ms: ageMs,
    action: event.action,
    outcome: event.outcome,
    token_id: event.tokenId,
    role: event.role,
    link_id: event.linkId,
    sub_tenant_id: event.subTenantId,
    target_kind: event.targetKind,
    request_id: event.requestId,
    address: event.address,
    details: event.details,
  };
}

function isAlike({ event: one, ageMs }: PastEvent, { event: other, ageMs: otherMs }: PastEvent): boolean {
  return (
    ageMs === otherMs &&
    one.requestId === other.requestId &&
    one.action === other.action &&
    one.outcome === other.outcome &&
    one.tokenId === other.tokenId &&
    one.role === other.role &&
    one.linkId === other.linkId &&
    one.subTenantId === other.subTenantId &&
    one.targetKind === other.targetKind &&
    one.address === other.address &&
    one.details === other.details
  );
}
