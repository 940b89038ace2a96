import { describe, expect, it } from '@jest/globals';
import { skewFailure, StorageClock, storageClocks, StorageErrors } from '#storage';

const MINUTE = 60_000;
const NOW = Date.UTC(2030, 0, 1, 12);
const REFUSED = 403;

/** A clock that has heard one answer, or several. */
function clock(...answers: { skewMs: number; status?: number; tookMs?: number; age?: string }[]) {
  const reports: number[] = [];
  const made = new StorageClock((seconds) => reports.push(seconds));
  for (const { skewMs, status = 200, tookMs = 0, age } of answers)
    made.heard({
      status,
      date: new Date(NOW + skewMs).toUTCString(),
      age,
      sentAt: NOW - tookMs,
      cameAt: NOW,
    });
  return { clock: made, reports };
}

describe("PS-08 a storage's clock", () => {
  it.each([0, 3_000, -3_000])('is taken for ours when it is %i ms ahead', (skewMs) => {
    expect(clock({ skewMs }).clock.aheadMs()).toBe(0);
  });

  it.each([6, 60, 600, -7, -60, -600, 899])('is %i seconds ahead, and says so', (seconds) => {
    const { clock: made, reports } = clock({ skewMs: seconds * 1000 });
    // The time in an answer is cut to whole seconds.
    expect(Math.abs(made.aheadMs() - seconds * 1000)).toBeLessThanOrEqual(1_000);
    expect(reports.map(Math.abs)).toEqual(
      Math.abs(seconds) > 60 ? [Math.abs(seconds) - (seconds < 0 ? 1 : 0)] : [],
    );
  });

  it('is not blamed for the time that an answer takes', () => {
    expect(clock({ skewMs: -20_000, tookMs: 30_000 }).clock.aheadMs()).toBe(0);
  });

  it('stays the same number of milliseconds ahead while answers differ by little', () => {
    const first = clock({ skewMs: 10 * MINUTE });
    const later = clock(
      { skewMs: 10 * MINUTE },
      { skewMs: 10 * MINUTE + 3_000 },
      { skewMs: 10 * MINUTE - 3_000 },
    );
    expect(later.clock.aheadMs()).toBe(first.clock.aheadMs());
  });

  it('is ours again once it has been set right', () => {
    expect(clock({ skewMs: 10 * MINUTE }, { skewMs: 0 }).clock.aheadMs()).toBe(0);
    expect(clock({ skewMs: -20 * MINUTE, status: REFUSED }, { skewMs: 1_000 }).clock.aheadMs()).toBe(0);
  });

  it.each([20, -20, 60 * 24 * 365])('is refused when it refuses us, %i minutes ahead', (minutes) => {
    const { clock: made, reports } = clock({ skewMs: minutes * MINUTE, status: REFUSED });
    expect(() => made.aheadMs()).toThrow(expect.objectContaining({ kind: StorageErrors.clockSkewed }));
    expect(reports).toHaveLength(1);
  });

  it('moves nothing by more than 15 minutes, whatever it says', () => {
    const { clock: made, reports } = clock({ skewMs: 20 * MINUTE }, { skewMs: -(10 ** 11) });
    expect([made.aheadMs(), reports.length]).toEqual([0, 2]);
  });

  it.each([undefined, '', 'tomorrow'])(
    'is not known from the date %j, or from an answer that was kept',
    (date) => {
      const { clock: made } = clock({ skewMs: 10 * MINUTE, age: '600' });
      made.heard({ status: 200, date, sentAt: NOW, cameAt: NOW });
      expect(made.aheadMs()).toBe(0);
    },
  );
});

describe('PS-08 a refusal', () => {
  const date = (skewMs: number) => new Date(Date.now() + skewMs).toUTCString();

  it.each([20, -20])('is put down to the clocks when they are %i minutes apart', (minutes) => {
    const failure = skewFailure(REFUSED, date(minutes * MINUTE), new Error('said by the server'));
    expect([failure?.kind.code, failure?.message]).toEqual([
      'storage_clock_skewed',
      'The clocks of the gateway and of the storage differ by 20 minutes.',
    ]);
  });

  it('is not when they agree, when it is none, or when there is no telling', () => {
    expect(skewFailure(REFUSED, date(10 * MINUTE), null)).toBeNull();
    expect(skewFailure(404, date(20 * MINUTE), null)).toBeNull();
    expect(skewFailure(undefined, date(20 * MINUTE), null)).toBeNull();
    expect(skewFailure(REFUSED, undefined, null)).toBeNull();
  });
});

describe('PS-08 reports about clocks', () => {
  it('come once a minute for all storages of a driver', () => {
    const reports: [string, number][] = [];
    const clockOf = storageClocks({ clockSkewed: (id, seconds) => reports.push([id, seconds]) });
    const answer = { status: 200, date: new Date(NOW + 10 * MINUTE).toUTCString(), sentAt: NOW, cameAt: NOW };
    for (const id of ['one', 'one', 'another']) clockOf(id).heard(answer);
    expect(reports).toEqual([['one', 600]]);
  });
});
