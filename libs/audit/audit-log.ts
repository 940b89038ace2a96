import { Injectable, Logger, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';

import type { AuditEvent } from './audit-event.js';
import { AuditReads } from './audit-reads.js';
import { AuditStore, type RefusedCredential } from './audit.store.js';
import { EventBuffer } from './event-buffer.js';
import { RefusalRate } from './refusal-rate.js';

/** How often what waits is written down: what is lost with a process is less than a second's. Milliseconds. */
const EVERY_MS = 750;
/** The most that waits, and the most that one statement writes. */
const MOST_WAITING = 10_000;
const MOST_AT_ONCE = 1_000;

/** What a token says of itself that was not taken for good: nothing of it has to be true. */
export interface ClaimedToken {
  readonly tenantKey: string;
  readonly tokenId: string;
  /** SHA-256 of the token. */
  readonly tokenHash: Buffer;
}

interface Waiting<Event> {
  readonly event: Event;
  /** By the clock of the process that only goes forward. */
  readonly sinceMs: number;
}

interface Past<Event> {
  readonly event: Event;
  readonly ageMs: number;
}

type Refused = Omit<RefusedCredential, 'ageMs'>;

/** Writes down what is no change: changes are written by the transactions that make them. */
@Injectable()
export class AuditLog implements OnApplicationBootstrap, OnApplicationShutdown {
  readonly #logger = new Logger(AuditLog.name);
  readonly #rate = new RefusalRate();
  readonly #refused = new EventBuffer<Waiting<Refused>>(MOST_WAITING);
  readonly #reads = new EventBuffer<Waiting<AuditEvent>>(MOST_WAITING);
  #timer: NodeJS.Timeout | undefined;
  #flushing: Promise<void> | null = null;

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
  refused({ tenantKey, tokenId, tokenHash }: ClaimedToken, event: AuditEvent): void {
    const sinceMs = performance.now();
    if (!this.#rate.admits(tenantKey, sinceMs)) return;
    this.#refused.add(tenantKey, [{ event: { event, claimedId: tokenId, tokenHash }, sinceMs }]);
  }

  /**
   * Has what an answer hands out written down. Null: it may be answered now. A promise: it has to be waited for, and what
   * it rejects with is to be answered instead.
   */
  handsOut(tenantId: string, events: readonly AuditEvent[]): Promise<void> | null {
    const { mode } = this.reads;
    if (mode === 'off') return null;
    if (mode === 'strict')
      return this.store.writeAll(
        tenantId,
        events.map((event) => ({ event, ageMs: 0 })),
      );
    const sinceMs = performance.now();
    this.#reads.add(
      tenantId,
      events.map((event) => ({ event, sinceMs })),
    );
    return null;
  }

  /** Writes down what waits, one flush at a time. What fails waits for the next one. Never rejects. */
  flush(): Promise<void> {
    this.#flushing ??= this.#writeWaiting().finally(() => (this.#flushing = null));
    return this.#flushing;
  }

  async #writeWaiting(): Promise<void> {
    for (const [tenantKey, leftOut] of this.#rate.takeLeftOut())
      this.#refused.add(tenantKey, [{ event: summaryOf(leftOut), sinceMs: performance.now() }]);
    await this.#writeAll(this.#refused, (tenantKey, waiting) =>
      this.store.writeRefused(
        tenantKey,
        waiting.map(({ event, ageMs }) => ({ ...event, ageMs })),
      ),
    );
    await this.#writeAll(this.#reads, (tenantId, past) => this.store.writeAll(tenantId, past));
  }

  async #writeAll<Event>(
    buffer: EventBuffer<Waiting<Event>>,
    write: (key: string, past: readonly Past<Event>[]) => Promise<void>,
  ): Promise<void> {
    for (const [key, items] of buffer.takeAll(MOST_AT_ONCE)) {
      const nowMs = performance.now();
      try {
        await write(
          key,
          items.map(({ event, sinceMs }) => ({ event, ageMs: nowMs - sinceMs })),
        );
      } catch (error) {
        this.#logger.warn({ err: error }, 'the audit log could not be written; it is tried again');
        buffer.add(key, items);
      }
    }
  }
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
