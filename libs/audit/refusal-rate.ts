/** How many refused credentials of a tenant are written down one by one in a second. */
export const MOST_A_SECOND = 10;

/** The most tenants that are told apart: an attacker can make up any number of them. */
const MAX_KEYS = 10_000;

/** Keeps a flood of refused credentials from becoming a flood of entries: what goes beyond the rate is counted. */
export class RefusalRate {
  readonly #counts = new Map<string, number>();
  readonly #leftOut = new Map<string, number>();
  #second = 0;

  /** Whether one more of the tenant's is to be written down by itself; else it is counted. */
  admits(tenantKey: string, nowMs: number): boolean {
    const second = Math.floor(nowMs / 1_000);
    if (second !== this.#second) this.#counts.clear();
    this.#second = second;
    const count = (this.#counts.get(tenantKey) ?? 0) + 1;
    if (this.#counts.size < MAX_KEYS || count > 1) this.#counts.set(tenantKey, count);
    if (count <= MOST_A_SECOND) return true;
    this.#leftOut.set(tenantKey, (this.#leftOut.get(tenantKey) ?? 0) + 1);
    return false;
  }

  /** How many were counted since the last call, by tenant. */
  takeLeftOut(): [string, number][] {
    const taken = [...this.#leftOut];
    this.#leftOut.clear();
    return taken;
  }
}
