import type { AuditEvent } from './audit-event.js';
import { Bounded } from './bounded.js';
import { type EventGroup, EventGroups, MOST_OF_A_GROUP } from './event-group.js';

/** Events of one log that are to be written by one statement. */
export interface BufferedReads {
  readonly log: string;
  readonly groups: readonly EventGroup[];
}

/** What was handed out and waits to be written down, by log. */
export class ReadBuffer extends Bounded {
  #waiting = new Map<string, EventGroups>();
  #returned: BufferedReads[] = [];

  /** Takes one that was admitted. */
  add(log: string, event: AuditEvent, sinceMs: number): void {
    this.#groupsOf(log).add(event, sinceMs);
    this.noteAdded(1);
  }

  /** Takes what one answer hands out, and was admitted. */
  addTogether(log: string, events: readonly AuditEvent[], sinceMs: number): void {
    this.#groupsOf(log).addTogether(events, sinceMs);
    this.noteAdded(events.length);
  }

  /** All that waits, as much of it together as one statement takes; from now on nothing does. */
  takeAll(): BufferedReads[] {
    const taken = [...this.#waiting].flatMap(([log, { all }]) => together(log, all));
    const returned = this.#returned;
    this.#waiting = new Map();
    this.#returned = [];
    this.noteTaken();
    return [...returned, ...taken];
  }

  #groupsOf(log: string): EventGroups {
    let groups = this.#waiting.get(log);
    if (groups === undefined) this.#waiting.set(log, (groups = new EventGroups()));
    return groups;
  }

  /** Takes back what could not be written, as far as it still fits. */
  giveBack(reads: BufferedReads): void {
    const count = countOf(reads.groups);
    if (!this.admits(count)) return;
    this.#returned.push(reads);
    this.noteAdded(count);
  }
}

/** Groups of a log in pieces of {@link MOST_OF_A_GROUP} events at most, which each of them is by itself. */
function together(log: string, groups: readonly EventGroup[]): BufferedReads[] {
  const pieces: EventGroup[][] = [];
  let room = 0;
  for (const group of groups) {
    if (group.size > room) {
      pieces.push([]);
      room = MOST_OF_A_GROUP;
    }
    pieces.at(-1)?.push(group);
    room -= group.size;
  }
  return pieces.map((piece) => ({ log, groups: piece }));
}

/** How many events there are in some groups. */
export function countOf(groups: readonly EventGroup[]): number {
  return groups.reduce((count, { size }) => count + size, 0);
}
