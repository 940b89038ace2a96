import type { AuditEvent, ManyEvents } from './audit-event.js';

/** Something that happened, and when, by the clock of the process that only goes forward (`performance.now()`). */
export interface TimedEvent {
  readonly event: AuditEvent;
  readonly sinceMs: number;
}

/** So many are of one group at most. */
export const MOST_OF_A_GROUP = 3_000;
/** So many that one answer hands out are kept as one row: of fewer it is no cheaper, and a row is read as a whole. */
export const LEAST_TOGETHER = 10;
export const MOST_TOGETHER = 100;
const UUID_AND_COMMA = 37;

/** How many UUIDs there are in a text that has commas between them. */
export function countIds(uuids: string): number {
  return (uuids.length + 1) / UUID_AND_COMMA;
}

/** Some of {@link ManyEvents} that are kept as one row: {@link MOST_TOGETHER} at most. */
export class EventRow implements ManyEvents {
  constructor(
    readonly shared: AuditEvent,
    readonly targetIds: string,
    readonly sinceMs: number,
  ) {}

  get size(): number {
    return countIds(this.targetIds);
  }
}

/** Events that are written down together. */
export type WrittenGroup = EventGroup | EventRow;

/**
 * Events that differ in nothing but what they are about, by which link, in which request and when: only that is held of each,
 * column by column. A client that reads one file after the other says a dozen things each time, and all but three of them again.
 */
export class EventGroup {
  readonly targetIds: (string | null)[] = [];
  readonly linkIds: (string | null)[] = [];
  readonly requestIds: (string | null)[] = [];
  readonly sinceMs: number[] = [];

  /** What all of them say is what the first one says. */
  constructor(readonly shared: AuditEvent) {}

  get size(): number {
    return this.sinceMs.length;
  }

  /** Whether an event is of this group. */
  takes(event: AuditEvent): boolean {
    const { shared } = this;
    return (
      shared.action === event.action &&
      shared.outcome === event.outcome &&
      shared.tokenId === event.tokenId &&
      shared.role === event.role &&
      shared.subTenantId === event.subTenantId &&
      shared.targetKind === event.targetKind &&
      shared.address === event.address &&
      shared.details === event.details
    );
  }

  add({ targetId, linkId, requestId }: AuditEvent, sinceMs: number): void {
    this.targetIds.push(targetId);
    this.linkIds.push(linkId);
    this.requestIds.push(requestId);
    this.sinceMs.push(sinceMs);
  }
}

/** Puts events into groups. */
export class EventGroups {
  readonly #groups: WrittenGroup[] = [];
  readonly #byKind = new Map<string, EventGroup>();
  #last: EventGroup | undefined;

  /** All of them, in the order of the first event of each. */
  get all(): readonly WrittenGroup[] {
    return this.#groups;
  }

  /** Adds what one answer hands out. */
  take(events: AuditEvent | ManyEvents, sinceMs: number): void {
    if ('targetIds' in events) this.#addMany(events, sinceMs);
    else this.add(events, sinceMs);
  }

  add(event: AuditEvent, sinceMs: number): void {
    let group = this.#last;
    if (group === undefined || !hasRoom(group) || !group.takes(event))
      this.#last = group = this.#groupOf(event);
    group.add(event, sinceMs);
  }

  /** As rows of their own where they are enough for that: {@link LEAST_TOGETHER}. */
  #addMany({ shared, targetIds }: ManyEvents, sinceMs: number): void {
    if (countIds(targetIds) < LEAST_TOGETHER) {
      for (const targetId of targetIds.split(',')) this.add({ ...shared, targetId }, sinceMs);
      return;
    }
    const step = MOST_TOGETHER * UUID_AND_COMMA;
    for (let at = 0; at < targetIds.length; at += step)
      this.#groups.push(new EventRow(shared, targetIds.slice(at, at + step - 1), sinceMs));
  }

  #groupOf(event: AuditEvent): EventGroup {
    const kind = kindOf(event);
    const known = this.#byKind.get(kind);
    if (known !== undefined && hasRoom(known) && known.takes(event)) return known;
    const group = new EventGroup(event);
    this.#byKind.set(kind, group);
    this.#groups.push(group);
    return group;
  }
}

function hasRoom(group: EventGroup): boolean {
  return group.size < MOST_OF_A_GROUP;
}

/** The groups of some events. */
export function groupsOf(events: readonly TimedEvent[]): readonly WrittenGroup[] {
  const groups = new EventGroups();
  for (const { event, sinceMs } of events) groups.add(event, sinceMs);
  return groups.all;
}

/** The groups of what one answer hands out. */
export function groupsOfAnswer(events: AuditEvent | ManyEvents, sinceMs: number): readonly WrittenGroup[] {
  const groups = new EventGroups();
  groups.take(events, sinceMs);
  return groups.all;
}

/** Tells kinds apart, but for details, and finds a group: whether it is the right one is asked of itself. */
function kindOf({ action, outcome, tokenId, role, subTenantId, targetKind, address }: AuditEvent): string {
  return `${action} ${outcome} ${tokenId} ${role} ${subTenantId} ${targetKind} ${address}`;
}
