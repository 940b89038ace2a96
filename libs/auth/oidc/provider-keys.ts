import type { Clock } from '#kernel';
import { createLocalJWKSet, errors, type JSONWebKeySet } from 'jose';

import { OidcErrors } from './oidc.errors.js';

/** Keys younger than this are used without a question. */
const FRESH_MS = 300_000;
/** Keys that were last seen longer ago are used no more, and nobody gets in until the provider answers. */
const LAST_RESORT_MS = 3_600_000;
/** How many questions a provider may be asked at once, and the time after which there may be one more. */
const BURST = 4;
const APART_MS = 5_000;

type Selector = ReturnType<typeof createLocalJWKSet>;
type Selected = Awaited<ReturnType<Selector>>;

/**
 * The keys of one provider. They are fetched when the first token comes, every few minutes after that, and at once when a
 * token names a key that is not among them, since that is how a rotation is noticed: but one fetch at a time,
 * and a few within some seconds, so that made-up key ids cannot be turned into a storm. While the provider is away its keys
 * are used for an hour more.
 */
export class ProviderKeys {
  #known: { readonly select: Selector; readonly at: number } | null = null;
  #asking: Promise<void> | null = null;
  #askedAt = -Infinity;
  /** Questions that are left. */
  #left = BURST;
  /** What went wrong the last time; undefined when nothing did. */
  #failure: unknown;

  constructor(
    private readonly fetchKeys: () => Promise<JSONWebKeySet>,
    private readonly clock: Clock,
  ) {}

  /**
   * The key that a token was signed with, if its header tells the truth. Throws an error of `jose` when the provider has
   * no such key, and `identity_provider_unavailable` when that cannot be known.
   */
  async select(...[header, token]: Parameters<Selector>): Promise<Selected> {
    const select = await this.current();
    try {
      return await select(header, token);
    } catch (error) {
      if (!(error instanceof errors.JWKSNoMatchingKey)) throw error;
      await this.ask();
      if (this.#failure !== undefined) throw OidcErrors.providerAway(this.#failure);
      const { select: newer } = this.#known ?? { select };
      if (newer === select) throw error;
      return await newer(header, token);
    }
  }

  private async current(): Promise<Selector> {
    if (this.age() > FRESH_MS) {
      const asking = this.ask();
      // One that did not answer the last time may take long to fail again; what is known is good enough meanwhile.
      if (this.#failure === undefined || this.age() > LAST_RESORT_MS) await asking;
    }
    if (this.#known === null || this.age() > LAST_RESORT_MS) throw OidcErrors.providerAway(this.#failure);
    return this.#known.select;
  }

  private age(): number {
    return this.#known === null ? Infinity : this.nowMs() - this.#known.at;
  }

  /** Asks the provider, or waits for the answer that is under way. Never rejects. */
  private ask(): Promise<void> {
    if (this.#asking !== null) return this.#asking;
    if (!this.mayAsk()) return Promise.resolve();
    this.#asking = this.load().finally(() => (this.#asking = null));
    return this.#asking;
  }

  /** One that has just failed is left alone for a moment, and one that answers is not asked without end. */
  private mayAsk(): boolean {
    const since = this.nowMs() - this.#askedAt;
    const left = Math.min(BURST, this.#left + since / APART_MS);
    if (left < 1 || (this.#failure !== undefined && since < APART_MS)) return false;
    [this.#left, this.#askedAt] = [left - 1, this.nowMs()];
    return true;
  }

  private async load(): Promise<void> {
    try {
      const select = createLocalJWKSet(await this.fetchKeys());
      this.#known = { select, at: this.nowMs() };
      this.#failure = undefined;
    } catch (error) {
      this.#failure = error;
    }
  }

  private nowMs(): number {
    return this.clock.now().getTime();
  }
}
