import type { Clock } from '#kernel';
import { createLocalJWKSet, errors, type JSONWebKeySet } from 'jose';

import { OidcErrors } from './oidc.errors.js';

/** Keys younger than this are used without a question. */
const FRESH_MS = 300_000;
/** Keys that were last seen longer ago are used no more, and nobody gets in until the provider answers. */
const LAST_RESORT_MS = 3_600_000;
/** The least time between two questions to a provider, whatever is asked of the gateway meanwhile. */
const APART_MS = 5_000;

type Selector = ReturnType<typeof createLocalJWKSet>;
type Selected = Awaited<ReturnType<Selector>>;

/**
 * The keys of one provider. They are fetched when the first token comes, every few minutes after that, and at once when a
 * token names a key that is not among them, since that is how a rotation is noticed: but one fetch at a time, and none
 * within seconds of the last, so that made-up key ids cannot be turned into a storm. While the provider is away its keys
 * are used for an hour more.
 */
export class ProviderKeys {
  #known: { readonly select: Selector; readonly at: number } | null = null;
  #asking: Promise<void> | null = null;
  #askedAt = -Infinity;
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
    if (this.nowMs() - this.#askedAt < APART_MS) return Promise.resolve();
    this.#askedAt = this.nowMs();
    this.#asking = this.load().finally(() => (this.#asking = null));
    return this.#asking;
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
