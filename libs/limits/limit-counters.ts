import { type Clock, RateBucket, type Limits, type Rate, type RouteClass } from '#kernel';

import { RecentMap } from './recent-map.js';
import type { Decision, Standing } from './standing.js';

/** Somebody whose requests are counted, and what they are limited to. */
export interface Subject {
  readonly kind: 'token' | 'tenant';
  readonly id: string;
  readonly limits: Limits;
}

/** Bytes that were set aside of a day's egress. */
export interface Egress extends Decision {
  readonly bytes: number;
  /** Days since 1970, of UTC. */
  readonly day: number;
}

/** The most buckets, and the most counts of a day's bytes, that are remembered. */
const MOST_COUNTED = 50_000;
const DAY_MS = 86_400_000;
const DAY_SECONDS = 86_400;

interface Counted {
  rate: Rate;
  readonly bucket: RateBucket;
}

/**
 * Counts what is limited, in this process and for it alone; a store that gateways share can stand in its place, which is
 * why it answers with promises. All counts of one call are looked at before any is touched, so that who is refused by one
 * limit has used nothing up of another.
 *
 * Memory is bounded. What was counted longest ago is forgotten first, and counts as untouched the next time; transfers
 * are remembered for as long as they go on.
 */
export class LimitCounters {
  readonly #buckets = new RecentMap<Counted>(MOST_COUNTED);
  readonly #egress = new RecentMap<{ bytes: number }>(MOST_COUNTED);
  readonly #transfers = new Map<string, number>();
  #day = 0;

  constructor(private readonly clock: Clock) {}

  /** Takes one request from every subject, and with `content` a transfer, which is to be given back once; or nothing. */
  admit(subjects: readonly Subject[], routeClass: RouteClass): Promise<Decision> {
    const nowMs = this.clock.now().getTime();
    const isTransfer = routeClass === 'content';
    const buckets = this.#bucketsOf(subjects, routeClass, nowMs);
    const refusedBy = buckets
      .filter(({ bucket }) => bucket.waitMs(nowMs) > 0)
      .map((limited) => requestStanding(limited, nowMs));
    if (isTransfer) refusedBy.push(...this.#transferStandings(subjects).filter(isUsedUp));
    if (refusedBy.length === 0) {
      for (const { bucket } of buckets) bucket.take(nowMs);
      if (isTransfer) this.#countTransfers(subjects, 1);
    }
    const standings = buckets.map((limited) => requestStanding(limited, nowMs));
    if (isTransfer) standings.push(...this.#transferStandings(subjects), ...this.#egressStandings(subjects));
    return Promise.resolve({ standings, refusedBy });
  }

  /** Gives back the transfer of a request that was admitted. */
  endTransfer(subjects: readonly Subject[]): Promise<void> {
    this.#countTransfers(subjects, -1);
    return Promise.resolve();
  }

  /** Sets bytes aside of today's egress; or, where they would be too many for one of the subjects, of nobody's. */
  reserveEgress(subjects: readonly Subject[], bytes: number): Promise<Egress> {
    const refusedBy = this.#egressStandings(subjects).filter(({ remaining }) => bytes > remaining);
    if (refusedBy.length === 0) this.#countEgress(subjects, bytes);
    return Promise.resolve({ standings: this.#egressStandings(subjects), refusedBy, bytes, day: this.#day });
  }

  /** Gives back what of the bytes set aside was not sent. Once the day is over that is of no use to anybody. */
  returnEgress(subjects: readonly Subject[], { day }: Egress, unsentBytes: number): Promise<void> {
    this.#turnDay();
    if (day === this.#day) this.#countEgress(subjects, -unsentBytes);
    return Promise.resolve();
  }

  #bucketsOf(subjects: readonly Subject[], routeClass: RouteClass, nowMs: number) {
    return subjects.flatMap(({ kind, id, limits }) => {
      const rate = limits[routeClass];
      if (rate === null) return [];
      const counted = this.#buckets.use(`${kind} ${id} ${routeClass}`, () => ({
        rate,
        bucket: new RateBucket(rate),
      }));
      if (counted.rate.burst !== rate.burst || counted.rate.perSecond !== rate.perSecond)
        counted.bucket.change(rate, nowMs);
      counted.rate = rate;
      return [{ policy: `${kind}-${routeClass}`, rate, bucket: counted.bucket }];
    });
  }

  #transferStandings(subjects: readonly Subject[]): Standing[] {
    return subjects.flatMap(({ kind, id, limits: { concurrentTransfers: quota } }) => {
      if (quota === null) return [];
      const remaining = Math.max(0, quota - (this.#transfers.get(`${kind} ${id}`) ?? 0));
      const policy = `${kind}-transfers`;
      const unit = 'concurrent-requests';
      return [{ policy, unit, quota, windowSeconds: null, remaining, moreInSeconds: null }];
    });
  }

  /** Of all subjects, also those limited in other things: such a limit may come while transfers go on. */
  #countTransfers(subjects: readonly Subject[], change: 1 | -1): void {
    for (const { kind, id } of subjects) {
      const key = `${kind} ${id}`;
      const count = (this.#transfers.get(key) ?? 0) + change;
      if (count > 0) this.#transfers.set(key, count);
      else this.#transfers.delete(key);
    }
  }

  #egressStandings(subjects: readonly Subject[]): Standing[] {
    const nowMs = this.#turnDay();
    return subjects.flatMap(({ kind, id, limits: { egressBytesPerDay: quota } }) => {
      if (quota === null) return [];
      const remaining = Math.max(0, quota - this.#sentBy(kind, id).bytes);
      const moreInSeconds = Math.ceil((DAY_MS - (nowMs % DAY_MS)) / 1000);
      const policy = `${kind}-egress`;
      const unit = 'content-bytes';
      return [{ policy, unit, quota, windowSeconds: DAY_SECONDS, remaining, moreInSeconds }];
    });
  }

  #countEgress(subjects: readonly Subject[], change: number): void {
    for (const { kind, id } of subjects) {
      const sent = this.#sentBy(kind, id);
      sent.bytes = Math.max(0, sent.bytes + change);
    }
  }

  #sentBy(kind: Subject['kind'], id: string): { bytes: number } {
    return this.#egress.use(`${kind} ${id}`, () => ({ bytes: 0 }));
  }

  /** With another day all counts begin anew. Answers what time it is. */
  #turnDay(): number {
    const nowMs = this.clock.now().getTime();
    const today = Math.floor(nowMs / DAY_MS);
    if (today !== this.#day) this.#egress.clear();
    this.#day = today;
    return nowMs;
  }
}

function requestStanding(
  { policy, rate, bucket }: { policy: string; rate: Rate; bucket: RateBucket },
  nowMs: number,
): Standing {
  const moreMs = bucket.moreMs(nowMs);
  return {
    policy,
    unit: 'requests',
    quota: rate.burst,
    windowSeconds: Math.ceil(rate.burst / rate.perSecond),
    remaining: bucket.left(nowMs),
    moreInSeconds: moreMs === 0 ? null : Math.ceil(moreMs / 1000),
  };
}

function isUsedUp({ remaining }: Standing): boolean {
  return remaining === 0;
}
