import { CodedError } from '#kernel';

import type { DriverWatch } from './storage-driver.port.js';
import { StorageErrors } from './storage.errors.js';

/** S3 and Azure refuse requests whose time is further from theirs. Milliseconds. */
const TOLERATED_MS = 15 * 60_000;
/** From here on a refusal is put down to the clocks: what is measured is not exact. Milliseconds. */
const SUSPICIOUS_MS = 14 * 60_000;
/** Less than this is left as it is; more than the seconds that an answer is on its way. Milliseconds. */
const SLACK_MS = 5_000;
/** A difference that somebody should look into: it eats into the life of every URL. Milliseconds. */
const REPORTED_MS = 60_000;

/** Between two reports. Milliseconds. */
const REPORT_MS = 60_000;

/** An answer of a storage, as far as it tells the time. */
export interface TimedAnswer {
  readonly status: number;
  /** Its `Date` field. */
  readonly date: string | undefined;
  /** Its `Age` field: an answer that was kept somewhere says nothing about now. */
  readonly age?: string | undefined;
  /** When the request was sent and the answer came, by our clock. Milliseconds since 1970. */
  readonly sentAt: number;
  readonly cameAt: number;
}

/**
 * What a storage's answers say about its clock, so that URLs which the storage will hold to its own time are signed for
 * that time. Nothing else is corrected by it. It moves URLs by 15 minutes at most, so that a storage which lies about the
 * time can do no more than that, to its own URLs.
 */
export class StorageClock {
  #aheadMs = 0;
  #refusedBy: number | null = null;

  /** `onSkew` hears of every answer from a clock that is more than a minute off: seconds, above 0 when it is ahead of ours. */
  constructor(private readonly onSkew: (seconds: number) => void) {}

  heard(answer: TimedAnswer): void {
    const skewMs = skewOf(answer);
    if (skewMs === null) return;
    this.#refusedBy = isRefusal(answer.status) && Math.abs(skewMs) > SUSPICIOUS_MS ? skewMs : null;
    if (Math.abs(skewMs) <= TOLERATED_MS && Math.abs(skewMs - this.#aheadMs) > SLACK_MS)
      this.#aheadMs = Math.abs(skewMs) > SLACK_MS ? Math.round(skewMs / 1000) * 1000 : 0;
    if (Math.abs(skewMs) > REPORTED_MS) this.onSkew(Math.round(skewMs / 1000));
  }

  /**
   * By how many milliseconds, in whole seconds, the storage's clock is ahead of ours; 0 while they agree to a few seconds, and otherwise always
   * the same number while the difference stays what it is. Throws `storage_clock_skewed` when the storage has refused its
   * last answer for it: no URL that is signed now would be good.
   */
  aheadMs(): number {
    if (this.#refusedBy !== null) throw clockSkewed(this.#refusedBy);
    return this.#aheadMs;
  }
}

/** `storage_clock_skewed` when a refusal comes from a clock so far from ours that this is why; null otherwise. */
export function skewFailure(
  status: number | undefined,
  date: string | undefined,
  cause: unknown,
): CodedError | null {
  const now = Date.now();
  const skewMs = skewOf({ status: 0, date, sentAt: now, cameAt: now });
  if (!isRefusal(status) || skewMs === null || Math.abs(skewMs) <= SUSPICIOUS_MS) return null;
  return clockSkewed(skewMs, cause);
}

/** The error of a storage that refuses requests for their time; `skewMs` is null when it did not say its own. */
export function clockSkewed(skewMs: number | null, cause?: unknown): CodedError {
  const minutes = skewMs === null ? 'too much' : `by ${Math.round(Math.abs(skewMs) / 60_000)} minutes`;
  return new CodedError(
    StorageErrors.clockSkewed,
    `The clocks of the gateway and of the storage differ ${minutes}.`,
    { cause },
  );
}

/** Makes the clocks of one driver's storages, which share one report a minute. */
export function storageClocks(watch: DriverWatch | undefined): (bindingId: string) => StorageClock {
  let nextAt = -Infinity;
  return (bindingId) =>
    new StorageClock((seconds) => {
      if (performance.now() < nextAt) return;
      nextAt = performance.now() + REPORT_MS;
      watch?.clockSkewed(bindingId, seconds);
    });
}

function isRefusal(status: number | undefined): boolean {
  return status === 401 || status === 403;
}

/**
 * By how much a clock is ahead of ours at least: 0 when its time, which is cut to whole seconds, lies anywhere between the
 * request and its answer. Null when the answer does not tell.
 */
function skewOf({ date, age, sentAt, cameAt }: TimedAnswer): number | null {
  const said = Date.parse(date ?? '');
  if (Number.isNaN(said) || age !== undefined) return null;
  if (said > cameAt) return said - cameAt;
  return Math.min(0, said + 1_000 - sentAt);
}
