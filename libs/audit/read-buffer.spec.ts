import { describe, expect, it } from '@jest/globals';

import type { AuditEvent } from './audit-event.js';
import { type BufferedReads, ReadBuffer } from './read-buffer.js';

const event = (targetId: string, tokenId = 'a'): AuditEvent => ({
  action: 'source.read',
  outcome: 'success',
  tokenId,
  role: 'viewer',
  linkId: null,
  subTenantId: 'default',
  targetKind: 'source',
  targetId,
  requestId: `request ${targetId}`,
  address: '127.0.0.1',
  details: null,
});

const shown = (reads: readonly BufferedReads[]): [string, (string | readonly (string | null)[])[]][] =>
  reads.map(({ log, groups }) => [log, groups.map(({ targetIds }) => targetIds)]);

describe('ReadBuffer', () => {
  it('gives everything back once, by log, what is alike together', () => {
    const buffer = new ReadBuffer(10);
    buffer.add('one', event('1'), 0);
    buffer.add('other', event('2'), 0);
    buffer.add('one', event('3', 'b'), 1);
    buffer.add('one', event('4'), 2);
    expect(buffer.size).toBe(4);
    const taken = buffer.takeAll();
    expect(shown(taken)).toEqual([
      ['one', [['1', '4'], ['3']]],
      ['other', [['2']]],
    ]);
    expect(taken[0]?.groups[0]).toMatchObject({ requestIds: ['request 1', 'request 4'], sinceMs: [0, 2] });
    expect([buffer.takeAll(), buffer.size]).toEqual([[], 0]);
  });

  it('gives no more than 3,000 to one statement, of however many kinds they are', () => {
    const buffer = new ReadBuffer(10_000);
    for (let number = 0; number < 8_500; number += 1)
      buffer.add('one', event(`${number}`, `token ${Math.floor(number / 400) % 9}`), 0);
    const taken = buffer.takeAll().map(({ groups }) => groups.flatMap(({ targetIds }) => targetIds));
    expect(Math.max(...taken.map(({ length }) => length))).toBeLessThanOrEqual(3_000);
    expect(new Set(taken.flat()).size).toBe(8_500);
  });

  it('gives what one answer hands out back as rows of a hundred, and a few as of any other', () => {
    const buffer = new ReadBuffer(10_000);
    const ids = (count: number): string[] =>
      Array.from({ length: count }, (_, index) => `00000000-0000-4000-8000-${`${index}`.padStart(12, '0')}`);
    const answer = (count: number) => ({ shared: event('none'), targetIds: ids(count).join() });
    buffer.add('one', answer(250), 1);
    buffer.add('one', answer(9), 2);
    buffer.add('one', answer(10), 3);
    expect(buffer.size).toBe(269);
    const [taken] = buffer.takeAll();
    expect(taken?.groups.map(({ size, sinceMs }) => [size, sinceMs])).toEqual([
      [100, 1],
      [100, 1],
      [50, 1],
      [9, Array.from({ length: 9 }, () => 2)],
      [10, 3],
    ]);
    const rows = taken?.groups.filter(({ sinceMs }) => sinceMs === 1).map(({ targetIds }) => targetIds);
    expect(rows?.join()).toBe(answer(250).targetIds);
    expect(taken?.groups[3]?.targetIds).toEqual(ids(9));
  });

  it('tells apart what differs in more than what it is about', () => {
    const buffer = new ReadBuffer(10);
    const first = event('1');
    const others: Partial<AuditEvent>[] = [
      { action: 'link.issue' },
      { role: 'editor' },
      { subTenantId: 'other' },
      { address: '127.0.0.2' },
      { details: {} },
    ];
    for (const other of [{}, ...others, ...others]) buffer.add('one', { ...first, ...other }, 0);
    const [taken] = buffer.takeAll();
    // Details are alike only where they are the same.
    expect(taken?.groups.map(({ size }) => size)).toEqual([1, 2, 2, 2, 2, 2]);
  });

  it('says beforehand whether some fit, and counts those that do not', () => {
    const buffer = new ReadBuffer(2);
    expect(buffer.admits(3)).toBe(false);
    expect(buffer.admits(2)).toBe(true);
    expect(buffer.dropped).toBe(3);
  });

  it('takes back what could not be written, and counts it as lost where there is no room', () => {
    const buffer = new ReadBuffer(2);
    buffer.add('one', event('1'), 0);
    const [failed] = buffer.takeAll() as [BufferedReads];
    buffer.giveBack(failed);
    expect(buffer.size).toBe(1);
    buffer.add('one', event('2'), 0);
    expect(shown(buffer.takeAll())).toEqual([
      ['one', [['1']]],
      ['one', [['2']]],
    ]);
    buffer.add('one', event('3'), 0);
    buffer.add('one', event('4'), 0);
    buffer.giveBack(failed);
    expect([buffer.dropped, buffer.size]).toEqual([1, 2]);
  });
});
