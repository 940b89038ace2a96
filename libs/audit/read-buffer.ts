import type { AuditEvent, ManyEvents } from './audit-event.js';
import { Bounded } from './bounded.js';
import { countIds, EventGroups, MOST_OF_A_GROUP, type WrittenGroup } from './event-group.js';

/** Events of one log that are to be written by one statement. */
export interface BufferedReads {
  readonly log: string;
  readonly groups: readonly WrittenGroup[];
}

/** What was handed out and waits to be written down, by log. */
export class ReadBuffer extends Bounded {
  #waiting = new Map<string, EventGroups>();
  #returned: BufferedReads[] = [];

  /** Takes what one answer hands out, and was admitted. */
  add(log: string, events: AuditEvent | ManyEvents, sinceMs: number): void {
    this.#groupsOf(log).take(events, sinceMs);
    this.noteAdded('targetIds' in events ? countIds(events.targetIds) : 1);
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
function together(log: string, groups: readonly WrittenGroup[]): BufferedReads[] {
  const pieces: WrittenGroup[][] = [];
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
export function countOf(groups: readonly WrittenGroup[]): number {
  return groups.reduce((count, { size }) => count + size, 0);
}
