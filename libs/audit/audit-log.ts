import { Injectable, Logger, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';

import type { AuditEvent, ManyEvents } from './audit-event.js';
import { AuditReads } from './audit-reads.js';
import { AuditStore, type RefusedCredential } from './audit.store.js';
import { EventBuffer } from './event-buffer.js';
import { groupsOf, groupsOfAnswer, type TimedEvent } from './event-group.js';
import { type BufferedReads, countOf, ReadBuffer } from './read-buffer.js';
import { RefusalRate } from './refusal-rate.js';

/** How often what waits is written down: what is lost with a process is less than a second's. Milliseconds. */
const EVERY_MS = 750;
/** The most that waits, and the most refusals that one statement writes. */
const MOST_WAITING = 16_000;
/** So many are written down without waiting for the next turn, and behind so many others have to wait until they are. */
const MANY_WAITING = 3_000;
const TOO_MANY_WAITING = 9_000;
const MOST_AT_ONCE = 1_000;
/** So many of a log are sealed at once. */
const MANY_TO_SEAL = 500;

/**
 * What a credential says of itself that was not taken for good: nothing of it has to be true. A token of the gateway's
 * names a tenant by its key, a JWT by its id.
 */
export type ClaimedToken =
  | {
      readonly tenantKey: string;
      readonly tokenId: string;
      /** SHA-256 of the token. */
      readonly tokenHash: Buffer;
    }
  | { readonly tenantId: string; readonly tokenId: string };

/** Whether what waits names its tenant by key or by id. */
const [BY_KEY, BY_ID] = ['key ', 'id '];

interface Waiting<Event> {
  readonly event: Event;
  /** By the clock of the process that only goes forward. */
  readonly sinceMs: number;
}

type Refused = Omit<RefusedCredential, 'ageMs'>;

/** Writes down what is no change: changes are written by the transactions that make them. */
@Injectable()
export class AuditLog implements OnApplicationBootstrap, OnApplicationShutdown {
  readonly #logger = new Logger(AuditLog.name);
  readonly #rate = new RefusalRate();
  readonly #refused = new EventBuffer<Waiting<Refused>>(MOST_WAITING);
  readonly #reads = new ReadBuffer(MOST_WAITING);
  #timer: NodeJS.Timeout | undefined;
  #flushing: Promise<boolean> | null = null;

  constructor(
    private readonly store: AuditStore,
    private readonly reads: AuditReads,
  ) {}

  /** Events that were not written down because the database could not keep up, or was away for too long. */
  get dropped(): number {
    return this.#refused.dropped + this.#reads.dropped;
  }

  onApplicationBootstrap(): void {
    this.#timer = setInterval(() => void this.flush(), EVERY_MS);
  }

  /** Connections are closed by now, and the database is next. */
  async onApplicationShutdown(): Promise<void> {
    clearInterval(this.#timer);
    await this.flush();
    await this.flush();
  }

  /**
   * Writes a refusal into the log of whoever was refused. Durable when it resolves. Never rejects: what cannot be written
   * is refused all the same, and told to the operator's log.
   */
  async denied(tenantId: string, event: AuditEvent): Promise<void> {
    try {
      await this.store.write(tenantId, event);
    } catch (error) {
      this.#logger.error({ err: error, event }, 'a refusal could not be written into the audit log');
    }
  }

  /**
   * Has a credential that was refused written into the log of the tenant that it names, a moment later: whether there is
   * such a tenant must not show in the time that the answer takes. Beyond 10 a second of a tenant they are only counted.
   */
  refused(claimed: ClaimedToken, event: AuditEvent): void {
    const sinceMs = performance.now();
    const log = 'tenantKey' in claimed ? BY_KEY + claimed.tenantKey : BY_ID + claimed.tenantId;
    if (!this.#rate.admits(log, sinceMs)) return;
    const tokenHash = 'tokenHash' in claimed ? claimed.tokenHash : null;
    this.#refused.add(log, [{ event: { event, claimedId: claimed.tokenId, tokenHash }, sinceMs }]);
  }

  /**
   * Has what an answer hands out or tells written down: `events`, of which there are `count`, are made only where they are
   * wanted. Null: it may be answered now. A promise: it has to be waited for, and what it rejects with is to be answered
   * instead.
   */
  handsOut(tenantId: string, count: number, events: () => AuditEvent | ManyEvents): Promise<unknown> | null {
    const { mode } = this.reads;
    if (mode === 'off') return null;
    const sinceMs = performance.now();
    if (mode === 'strict') return this.store.writeAll(tenantId, groupsOfAnswer(events(), sinceMs));
    const take = (): Promise<unknown> | null => {
      if (!this.#reads.admits(count)) return null;
      this.#reads.add(tenantId, events(), sinceMs);
      return this.#whenTooMany();
    };
    return this.#reads.takes(count) ? take() : this.#whenTaken(count, take);
  }

  /** Has what waits written down at once where it is much, and has to be waited for where it is too much. */
  #whenTooMany(): Promise<unknown> | null {
    if (this.#reads.size < MANY_WAITING) return null;
    const flushed = this.flush();
    return this.#reads.size < TOO_MANY_WAITING ? null : flushed;
  }

  /** Waits until so many more fit, unless what is there cannot be written down. */
  async #whenTaken(count: number, take: () => Promise<unknown> | null): Promise<void> {
    while (!this.#reads.takes(count))
      if (this.#flushing === null) void this.flush();
      else if (!(await this.#flushing)) break;
    await take();
  }

  /** Writes down what waits, one flush at a time. What fails waits for the next one: false. Never rejects. */
  flush(): Promise<boolean> {
    this.#flushing ??= this.#writeWaiting().finally(() => (this.#flushing = null));
    return this.#flushing;
  }

  async #writeWaiting(): Promise<boolean> {
    for (const [log, leftOut] of this.#rate.takeLeftOut())
      this.#refused.add(log, [{ event: summaryOf(leftOut), sinceMs: performance.now() }]);
    const written: boolean[] = [];
    for (const [log, waiting] of this.#refused.takeAll(MOST_AT_ONCE))
      written.push(
        await this.#attempt(
          () => this.#writeRefused(log, waiting),
          () => this.#refused.add(log, waiting),
        ),
      );
    const pieces = this.#reads.takeAll().values();
    const writePieces = async (): Promise<void> => {
      for (const reads of pieces)
        written.push(
          await this.#attempt(
            () => this.#writeReads(reads),
            () => this.#reads.giveBack(reads),
          ),
        );
    };
    // The database has the next one when it is done with the one before, however long this process takes to hear of that.
    await Promise.all([writePieces(), writePieces()]);
    return !written.includes(false);
  }

  /** A batch of a few each time would be as many batches. */
  #writeReads(reads: BufferedReads): Promise<void> {
    return countOf(reads.groups) < MANY_TO_SEAL
      ? this.store.writeAll(reads.log, reads.groups)
      : this.store.writeSealed(reads.log, reads.groups);
  }

  #writeRefused(log: string, waiting: readonly Waiting<Refused>[]): Promise<void> {
    if (!log.startsWith(BY_KEY))
      return this.store.writeAll(log.slice(BY_ID.length), groupsOf(waiting.map(identityRefused)));
    const nowMs = performance.now();
    const refused = waiting.map(({ event, sinceMs }) => ({ ...event, ageMs: nowMs - sinceMs }));
    return this.store.writeRefused(log.slice(BY_KEY.length), refused);
  }

  async #attempt(write: () => Promise<void>, giveBack: () => void): Promise<boolean> {
    try {
      await write();
      return true;
    } catch (error) {
      this.#logger.warn({ err: error }, 'the audit log could not be written; it is tried again');
      giveBack();
      return false;
    }
  }
}

/** A JWT that was not believed: what it says it is of is whom it is about, and not who acted. */
function identityRefused({ event: { event, claimedId }, sinceMs }: Waiting<Refused>): TimedEvent {
  const target = claimedId === null ? {} : { targetKind: 'identity', targetId: claimedId };
  return { event: { ...event, ...target }, sinceMs };
}

function summaryOf(leftOut: number): Refused {
  const nobody = {
    tokenId: null,
    role: null,
    linkId: null,
    subTenantId: null,
    targetKind: null,
    targetId: null,
  };
  const event: AuditEvent = {
    ...nobody,
    action: 'authentication.failed',
    outcome: 'denied',
    requestId: null,
    address: null,
    details: { left_out: leftOut },
  };
  return { event, claimedId: null, tokenHash: null };
}
