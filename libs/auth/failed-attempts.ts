import { RateBucket, type Clock, type Rate } from '#kernel';

import { addressGroup } from './address-group.js';

/** The most groups of addresses that are remembered. */
const MOST_GROUPS = 10_000;

/**
 * Counts credentials that were not good, by the addresses that they came from. In memory, each process for itself; what
 * it was longest ago that anything came from is forgotten first.
 */
export class FailedAttempts {
  readonly #buckets = new Map<string, RateBucket>();

  constructor(
    private readonly rate: Rate,
    private readonly clock: Clock,
  ) {}

  /** Counts one, and answers for how many whole seconds there should be no other: 0 while there are not too many. */
  count(address: string): number {
    const group = addressGroup(address);
    const bucket = this.#buckets.get(group) ?? new RateBucket(this.rate);
    this.#buckets.delete(group);
    this.#buckets.set(group, bucket);
    const [oldest] = this.#buckets.keys();
    if (this.#buckets.size > MOST_GROUPS && oldest !== undefined) this.#buckets.delete(oldest);
    return Math.ceil(bucket.take(this.clock.now().getTime()) / 1000);
  }
}
