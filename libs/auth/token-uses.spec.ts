import { Clock } from '#kernel';
import { Logger } from '@nestjs/common';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import type { TokenUse, TokenUseStore } from './token-use.store.js';
import { TokenUses } from './token-uses.js';

/** Stands still until it is set. */
class SetClock extends Clock {
  ms = 1_900_000_000_000;

  override now(): Date {
    return new Date(this.ms);
  }
}

/** Keeps what it is told in memory, unless it is told to fail. */
class Ledger {
  readonly written: Record<string, string> = {};
  batches = 0;
  /** Of which tenants nothing can be written. */
  away: readonly string[] = [];
  hold: Promise<void> | undefined;

  async record(tenantId: string, uses: readonly TokenUse[]): Promise<void> {
    await this.hold;
    if (this.away.includes(tenantId)) throw new Error('the database is away');
    this.batches += 1;
    for (const { tokenId, at, address } of uses)
      this.written[`${tenantId}/${tokenId}`] = `${at.getTime() - 1_900_000_000_000} ${String(address)}`;
  }
}

function setUp(): { uses: TokenUses; ledger: Ledger; clock: SetClock } {
  const [ledger, clock] = [new Ledger(), new SetClock()];
  return { uses: new TokenUses(ledger as unknown as TokenUseStore, clock), ledger, clock };
}

beforeAll(() => {
  Logger.overrideLogger(false);
});

afterAll(() => {
  Logger.overrideLogger(true);
});

describe('TokenUses', () => {
  it('writes the uses of a tenant’s tokens together, and nothing when there were none', async () => {
    const { uses, ledger } = setUp();
    uses.note('acme', 'one', '192.0.2.7');
    uses.note('acme', 'two', '::ffff:192.0.2.8');
    uses.note('other', 'three', 'no address');
    expect(ledger.batches).toBe(0);
    await uses.write();
    expect(ledger.written).toEqual({
      'acme/one': '0 192.0.2.7',
      'acme/two': '0 192.0.2.8',
      'other/three': '0 null',
    });
    await uses.write();
    expect(ledger.batches).toBe(2);
  });

  it('writes a token’s use once a minute', async () => {
    const { uses, ledger, clock } = setUp();
    for (let second = 0; second <= 120; second += 1) {
      clock.ms = 1_900_000_000_000 + second * 1000;
      uses.note('acme', 'one', '192.0.2.7');
      await uses.write();
    }
    expect(ledger.batches).toBe(3);
    expect(ledger.written).toEqual({ 'acme/one': '120000 192.0.2.7' });
  });

  it('tries again what could not be written, the later use of a token where there are two', async () => {
    const { uses, ledger, clock } = setUp();
    ledger.away = ['acme', 'other'];
    uses.note('acme', 'one', '192.0.2.7');
    uses.note('other', 'two', '192.0.2.7');
    await uses.write();
    clock.ms += 60_000;
    uses.note('acme', 'one', '192.0.2.9');
    await uses.write();
    expect(ledger.batches).toBe(0);
    ledger.away = [];
    await uses.write();
    expect(ledger.written).toEqual({ 'acme/one': '60000 192.0.2.9', 'other/two': '0 192.0.2.7' });
  });

  it('has no tenant wait for one that cannot be written', async () => {
    const { uses, ledger } = setUp();
    ledger.away = ['stuck'];
    uses.note('stuck', 'one', '192.0.2.7');
    uses.note('acme', 'two', '192.0.2.7');
    await uses.write();
    await uses.write();
    expect(ledger.written).toEqual({ 'acme/two': '0 192.0.2.7' });
  });

  it('keeps what is noted while it writes, and writes once at a time', async () => {
    const { uses, ledger } = setUp();
    let release = (): void => undefined;
    ledger.hold = new Promise((resolve) => (release = resolve));
    uses.note('acme', 'one', '192.0.2.7');
    const writing = uses.write();
    uses.note('acme', 'two', '192.0.2.7');
    expect(uses.write()).toBe(writing);
    release();
    await writing;
    expect(ledger.written).toEqual({ 'acme/one': '0 192.0.2.7' });
    await uses.write();
    expect(Object.keys(ledger.written)).toEqual(['acme/one', 'acme/two']);
  });

  it('remembers 10,000 tokens and no more, however long the database is away', async () => {
    const { uses, ledger } = setUp();
    ledger.away = ['acme'];
    for (let index = 0; index < 30_000; index += 1) {
      uses.note('acme', `token ${index}`, '192.0.2.7');
      if (index % 5_000 === 0) await uses.write();
    }
    ledger.away = [];
    await uses.write();
    await uses.write();
    expect(Object.keys(ledger.written)).toHaveLength(10_000);
  });

  it('writes what is left when the gateway stops', async () => {
    const { uses, ledger } = setUp();
    uses.onApplicationBootstrap();
    uses.note('acme', 'one', '192.0.2.7');
    await uses.onApplicationShutdown();
    expect(ledger.written).toEqual({ 'acme/one': '0 192.0.2.7' });
  });
});
