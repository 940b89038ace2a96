import { assertGiven } from '#database';

import type { AuditEvent } from './audit-event.js';
import {
  type EventGroup,
  EventRow,
  MOST_OF_A_GROUP,
  MOST_TOGETHER,
  type WrittenGroup,
} from './event-group.js';

/** An event that happened a moment ago. */
export interface PastEvent {
  readonly event: AuditEvent;
  /** Milliseconds since then. */
  readonly ageMs: number;
}

/** An event as a statement is given it. Throws TypeError where something of it is undefined, which JSON leaves out. */
export function rowOf({ event, ageMs }: PastEvent): Record<string, unknown> {
  const { linkId, targetId, requestId } = event;
  return checked(event, { age_ms: ageMs, link_id: linkId, target_id: targetId, request_id: requestId });
}

/**
 * A group of events as a statement is given it. Throws as {@link rowOf}, and RangeError for a group without events or with
 * more than {@link MOST_OF_A_GROUP}, or {@link MOST_TOGETHER} where it is kept as one row, or with what are no UUIDs there: an
 * entry's id has room for so many places.
 */
export function groupRowOf(group: WrittenGroup, nowMs: number): Record<string, unknown> {
  return group instanceof EventRow ? keptRowOf(group, nowMs) : listsOf(group, nowMs);
}

/** What is kept as one row: lists of one, and what its entries are about as one text. */
function keptRowOf({ shared, targetIds, sinceMs, size }: EventRow, nowMs: number): Record<string, unknown> {
  if (!Number.isInteger(size) || size < 1 || size > MOST_TOGETHER)
    throw new RangeError(`${size} events are no row.`);
  assertGiven({ sinceMs });
  const row = rowOf({ event: { ...shared, targetId: null }, ageMs: ageOf(sinceMs, nowMs) });
  return { ...row, target_ids: NOTHING, together_target_ids: targetIds };
}

/** One row with a list of what each event is about, and lists of what else differs among them, where it does. */
function listsOf(group: EventGroup, nowMs: number): Record<string, unknown> {
  const { size } = group;
  if (size === 0 || size > MOST_OF_A_GROUP) throw new RangeError(`A group of ${size} events is no row.`);
  assertGiven(group.sinceMs);
  const [link, links] = column(group.linkIds);
  const [request, requests] = column(group.requestIds);
  const [since, sinces] = column(group.sinceMs);
  return checked(group.shared, {
    target_ids: group.targetIds,
    link_id: link,
    link_ids: links,
    request_id: request,
    request_ids: requests,
    age_ms: since === null ? null : ageOf(since, nowMs),
    ages_ms: sinces === null ? null : sinces.map((sinceMs) => ageOf(sinceMs, nowMs)),
  });
}

/** What a row is about of which each entry is about something else. */
const NOTHING = [null];

/** What all values are, and null; or null and the values. */
function column<Value>(values: readonly Value[]): [Value | null, readonly Value[] | null] {
  const [first] = values;
  return values.every((value) => value === first) ? [first as Value, null] : [null, values];
}

/** To a tenth of a millisecond, which is more than is kept of it, and never more than it is. */
function ageOf(sinceMs: number, nowMs: number): number {
  return Math.floor((nowMs - sinceMs) * 10) / 10;
}

function checked(event: AuditEvent, differing: Record<string, unknown>): Record<string, unknown> {
  if (event.details !== null) assertGiven(event.details);
  const row = {
    action: event.action,
    outcome: event.outcome,
    token_id: event.tokenId,
    role: event.role,
    sub_tenant_id: event.subTenantId,
    target_kind: event.targetKind,
    address: event.address,
    details: event.details,
    ...differing,
  };
  assertGiven(row);
  return row;
}
