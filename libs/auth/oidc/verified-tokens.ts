import type { Clock, Principal } from '#kernel';

const LIFE_MS = 60_000;
const MOST = 10_000;

/**
 * JWTs that were found good, by their SHA-256: verifying one again costs as much as the rest of a small request. Each is
 * remembered until it ends, and for a minute at most, so that a key that a provider takes back is soon of no use; and of
 * so many only the newest.
 */
export class VerifiedTokens {
  readonly #known = new Map<string, { readonly principal: Principal; readonly until: number }>();

  constructor(private readonly clock: Clock) {}

  find(hash: string): Principal | null {
    const found = this.#known.get(hash);
    if (found === undefined) return null;
    if (this.clock.now().getTime() < found.until) return found.principal;
    this.#known.delete(hash);
    return null;
  }

  remember(hash: string, principal: Principal): void {
    const now = this.clock.now().getTime();
    const until = Math.min(now + LIFE_MS, principal.expiresAt?.getTime() ?? Infinity);
    if (until <= now) return;
    this.#known.delete(hash);
    this.#known.set(hash, { principal, until });
    const [oldest] = this.#known.keys();
    if (this.#known.size > MOST && oldest !== undefined) this.#known.delete(oldest);
  }
}
