import type { AuditEvent } from './audit-event.js';

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

/** Some events, column by column, all columns of the same length; and what all of them say. */
export interface EventColumns {
  readonly shared: Omit<AuditEvent, 'targetId' | 'linkId' | 'requestId'>;
  readonly targetIds: readonly (string | null)[];
  readonly linkIds: readonly (string | null)[];
  readonly requestIds: readonly (string | null)[];
  /** By `performance.now()`. */
  readonly sinceMs: readonly number[];
}

/**
 * Events that differ in nothing but what they are about, by which link, in which request and when: only that is held of each,
 * column by column. A client that reads one file after the other says a dozen things each time, and all but three of them again.
 */
export class EventGroup implements EventColumns {
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
  readonly #groups: EventGroup[] = [];
  readonly #byKind = new Map<string, EventGroup>();
  #last: EventGroup | undefined;

  constructor(private readonly mostOfOne = MOST_OF_A_GROUP) {}

  /** All of them, in the order of the first event of each. */
  get all(): readonly EventGroup[] {
    return this.#groups;
  }

  add(event: AuditEvent, sinceMs: number): void {
    let group = this.#last;
    if (group === undefined || !this.#hasRoom(group) || !group.takes(event))
      this.#last = group = this.#groupOf(event);
    group.add(event, sinceMs);
  }

  /** Adds what one answer hands out, apart from all others where it is many: see {@link MOST_TOGETHER}. */
  addTogether(events: readonly AuditEvent[], sinceMs: number): void {
    const isMany = events.length >= LEAST_TOGETHER;
    const groups = isMany ? new EventGroups(MOST_TOGETHER) : this;
    for (const event of events) groups.add(event, sinceMs);
    if (isMany) this.#groups.push(...groups.all);
  }

  #hasRoom(group: EventGroup): boolean {
    return group.size < this.mostOfOne;
  }

  #groupOf(event: AuditEvent): EventGroup {
    const kind = kindOf(event);
    const known = this.#byKind.get(kind);
    if (known !== undefined && this.#hasRoom(known) && known.takes(event)) return known;
    const group = new EventGroup(event);
    this.#byKind.set(kind, group);
    this.#groups.push(group);
    return group;
  }
}

/** The groups of some events. */
export function groupsOf(events: readonly TimedEvent[]): readonly EventGroup[] {
  const groups = new EventGroups();
  for (const { event, sinceMs } of events) groups.add(event, sinceMs);
  return groups.all;
}

/** The groups of what one answer hands out. */
export function groupsTogether(events: readonly AuditEvent[], sinceMs: number): readonly EventGroup[] {
  const groups = new EventGroups();
  groups.addTogether(events, sinceMs);
  return groups.all;
}

/** Tells kinds apart, but for details, and finds a group: whether it is the right one is asked of itself. */
function kindOf({ action, outcome, tokenId, role, subTenantId, targetKind, address }: AuditEvent): string {
  return `${action} ${outcome} ${tokenId} ${role} ${subTenantId} ${targetKind} ${address}`;
}
