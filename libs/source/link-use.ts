import { CodedError, CommonErrors, newUuid } from '#kernel';
import { PresignErrors } from '#presign';

import { USE_LEASE_SECONDS, type LinkKey, type LinkUseStore } from './link-use.store.js';

const RENEW_EVERY_MS = (USE_LEASE_SECONDS * 1_000) / 4;

/**
 * One transfer of a link that is good for so many downloads. A download is kept for it before its first byte, and
 * counted just before its last one: who has all of the bytes has used the link, whatever happens to the database then.
 * One that breaks off gives its download back; that of a process that was killed comes back when the lease is over.
 */
export class LinkUse {
  readonly #useId = newUuid();
  #state: 'begun' | 'asked' | 'kept' | 'counted' = 'begun';
  #work: Promise<void> = Promise.resolve();
  #hasEnded = false;
  #renewal: NodeJS.Timeout | null = null;

  /** `onLost` is called when the download that was kept is not any more: the transfer must not come to its end. */
  constructor(
    private readonly store: Pick<LinkUseStore, 'reserve' | 'renew' | 'count' | 'release' | 'uncount'>,
    private readonly link: LinkKey,
    private readonly onLost: () => void,
  ) {}

  /** Keeps a download; does nothing when one is kept. Throws `link_used_up`, `link_in_use`, `link_gone`. */
  keep(): Promise<void> {
    return this.#state === 'begun' ? this.#next(() => this.#reserve()) : this.#work;
  }

  /** Counts it: to be awaited before the last byte is sent. Throws when it was lost. */
  count(): Promise<void> {
    return this.#next(async () => {
      this.#stopRenewal();
      if (!(await this.store.count(this.link, this.#useId))) throw lost();
      this.#state = 'counted';
    });
  }

  /** To be called when the answer has ended, whatever it was; `sentWhole`: nothing of it was left unsent. */
  async end(sentWhole: boolean): Promise<void> {
    this.#hasEnded = true;
    this.#stopRenewal();
    await this.#work.catch(() => undefined);
    if (this.#state === 'counted' && !sentWhole) await this.store.uncount(this.link);
    // Also where it was not heard whether one was kept.
    if (this.#state === 'kept' || this.#state === 'asked') await this.store.release(this.link, this.#useId);
  }

  #next(step: () => Promise<void>): Promise<void> {
    this.#work = this.#hasEnded ? Promise.reject(lost()) : step();
    return this.#work;
  }

  async #reserve(): Promise<void> {
    const askedAt = performance.now();
    this.#state = 'asked';
    const outcome = await this.store.reserve(this.link, this.#useId);
    this.#state = outcome === 'reserved' ? 'kept' : 'begun';
    if (outcome !== 'reserved') throw REFUSALS[outcome]();
    if (!this.#hasEnded) this.#renewFrom(askedAt);
  }

  /** A lease that could not be renewed in its time is lost, also where the database cannot be asked. */
  #renewFrom(moment: number): void {
    let renewedAt = moment;
    const renew = async (): Promise<void> => {
      const askedAt = performance.now();
      const renewed = await this.store.renew(this.link, this.#useId).catch(() => null);
      if (renewed === true) renewedAt = askedAt;
      else if (renewed === false || askedAt - renewedAt > USE_LEASE_SECONDS * 1_000) this.#lose();
    };
    this.#renewal = setInterval(() => void renew(), RENEW_EVERY_MS).unref();
  }

  #lose(): void {
    // A renewal that was asked for before the last byte finds nothing after it.
    if (this.#renewal === null) return;
    this.#stopRenewal();
    this.onLost();
  }

  #stopRenewal(): void {
    if (this.#renewal !== null) clearInterval(this.#renewal);
    this.#renewal = null;
  }
}

function lost(): CodedError {
  return new CodedError(
    CommonErrors.unavailable,
    'The transfer has lost the download that was kept for it.',
    {
      retryAfterSeconds: 1,
    },
  );
}

const REFUSALS = {
  in_use: PresignErrors.inUse,
  used_up: PresignErrors.usedUp,
  absent: PresignErrors.gone,
} as const;
