import { describe, expect, it } from '@jest/globals';

import type { AuditEvent } from './audit-event.js';
import { AuditLog } from './audit-log.js';
import { AuditReads } from './audit-reads.js';
import type { AuditStore } from './audit.store.js';
import type { WrittenGroup } from './event-group.js';

const EVENT = { action: 'source.read' } as unknown as AuditEvent;
const ID = '018f2a3c-5b1e-7c3d-8a9b-0c1d2e3f4a5b';

/** Takes what is written when it is told to. */
class SlowStore {
  written = 0;
  /** How often a batch was asked for. */
  sealed = 0;
  fails = false;
  #goOn: () => void = () => undefined;
  #held: Promise<void> | null = null;

  hold(): void {
    this.#held = new Promise((resolve) => (this.#goOn = resolve));
  }

  release(): void {
    this.#goOn();
  }

  async writeAll(_tenantId: string, groups: readonly WrittenGroup[]): Promise<void> {
    await this.#held;
    if (this.fails) throw new Error('The database is away.');
    for (const { size } of groups) this.written += size;
  }

  async writeSealed(tenantId: string, groups: readonly WrittenGroup[]): Promise<void> {
    this.sealed += 1;
    await this.writeAll(tenantId, groups);
  }
}

describe('AuditLog', () => {
  it('loses no read, however fast they come: who would be too many waits until others are written down', async () => {
    const store = new SlowStore();
    const log = new AuditLog(store as unknown as AuditStore, new AuditReads('buffered'));
    store.hold();
    const waits: Promise<unknown>[] = [];
    let freely = 0;
    for (let number = 0; number < 20_000; number += 1) {
      const wait = log.handsOut('acme', 1, () => EVENT);
      if (wait === null) freely += 1;
      else waits.push(wait);
    }
    expect(freely).toBeGreaterThan(4_000);
    expect(waits.length).toBeGreaterThan(1_000);
    store.release();
    await Promise.all(waits);
    await log.flush();
    await log.flush();
    expect([store.written, log.dropped]).toEqual([20_000, 0]);
  });

  it('loses nothing of answers that hand out a thousand things each, however many there are at once', async () => {
    const store = new SlowStore();
    const log = new AuditLog(store as unknown as AuditStore, new AuditReads('buffered'));
    const things = { shared: EVENT, targetIds: Array.from({ length: 1_000 }, () => ID).join() };
    store.hold();
    const waits = Array.from({ length: 64 }, () => log.handsOut('acme', 1_000, () => things)).filter(
      (wait) => wait !== null,
    );
    expect(waits.length).toBeGreaterThan(50);
    store.release();
    await Promise.all(waits);
    await log.flush();
    await log.flush();
    expect([store.written, log.dropped]).toEqual([64_000, 0]);
  });

  it('loses what does not fit while nothing can be written down, and answers all the same', async () => {
    const store = new SlowStore();
    const log = new AuditLog(store as unknown as AuditStore, new AuditReads('buffered'));
    const things = { shared: EVENT, targetIds: Array.from({ length: 1_000 }, () => ID).join() };
    store.fails = true;
    for (let number = 0; number < 64; number += 1) await log.handsOut('acme', 1_000, () => things);
    for (let flush = 0; flush < 2; flush += 1) await log.flush();
    expect(log.dropped).toBeGreaterThanOrEqual(64_000 - 16_000);
    store.fails = false;
    await log.flush();
    expect(store.written + log.dropped).toBe(64_000);
  });

  it('has many of a log sealed when they are written, and makes no batches of a few', async () => {
    const store = new SlowStore();
    const log = new AuditLog(store as unknown as AuditStore, new AuditReads('buffered'));
    const read = async (count: number): Promise<void> => {
      for (let number = 0; number < count; number += 1) await log.handsOut('acme', 1, () => EVENT);
      await log.flush();
    };
    await read(499);
    expect([store.written, store.sealed]).toEqual([499, 0]);
    await read(500);
    expect([store.written, store.sealed]).toEqual([999, 1]);
  });
});
