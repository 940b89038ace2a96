import { RateBucket, type Clock, type CodedError, type Rate } from '#kernel';

import { addressGroup } from './address-group.js';
import { AuthErrors } from './auth.errors.js';

/** The most groups of addresses that are remembered. */
const MOST_GROUPS = 10_000;

/**
 * Counts credentials that were not good, tokens and signed URLs together, by the addresses that they came from. In memory,
 * each process for itself; what it was longest ago that anything came from is forgotten first.
 */
export class FailedAttempts {
  readonly #buckets = new Map<string, RateBucket>();

  /** `rate`: how many may come from one address; null for any number. */
  constructor(
    private readonly rate: Rate | null,
    private readonly clock: Clock,
  ) {}

  /** Counts a credential that was not good, and answers what to refuse it with: as given, or 429 where too many came from. */
  refusal(address: string, error: CodedError): CodedError {
    const seconds = this.count(address);
    return seconds === 0 ? error : AuthErrors.tooMany(seconds);
  }

  /** Counts one, and answers for how many whole seconds there should be no other: 0 while there are not too many. */
  count(address: string): number {
    if (this.rate === null) return 0;
    const group = addressGroup(address);
    const bucket = this.#buckets.get(group) ?? new RateBucket(this.rate);
    this.#buckets.delete(group);
    this.#buckets.set(group, bucket);
    const [oldest] = this.#buckets.keys();
    if (this.#buckets.size > MOST_GROUPS && oldest !== undefined) this.#buckets.delete(oldest);
    return Math.ceil(bucket.take(this.clock.now().getTime()) / 1000);
  }
}
