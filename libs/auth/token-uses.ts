import { Clock } from '#kernel';
import { Injectable, Logger, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { isIP } from 'node:net';

import { plainAddress } from './address-range.js';
import { TokenUseStore, type TokenUse } from './token-use.store.js';

const WRITE_EVERY_MS = 5_000;
/** Uses of a token that are closer to each other count as one. */
const APART_MS = 60_000;
/** The most tokens that are remembered, and the most whose uses wait to be written. */
const MOST_TOKENS = 10_000;

interface Waiting extends TokenUse {
  readonly tenantId: string;
}

/**
 * When tokens were used, kept in memory and written every few seconds: a request that uses one neither waits for it nor
 * fails by it. What cannot be written is tried again the next time. A process that is killed loses what it has not
 * written, as do tokens of which there are more at once than are remembered: their next use counts.
 */
@Injectable()
export class TokenUses implements OnApplicationBootstrap, OnApplicationShutdown {
  readonly #logger = new Logger(TokenUses.name);
  readonly #noted = new Map<string, number>();
  #waiting = new Map<string, Waiting>();
  #writing: Promise<void> | null = null;
  #timer: NodeJS.Timeout | undefined;
  #failing = false;

  constructor(
    private readonly store: TokenUseStore,
    private readonly clock: Clock,
  ) {}

  /** Remembers a use of a token. Never throws. */
  note(tenantId: string, tokenId: string, address: string): void {
    const at = this.clock.now();
    const before = this.#noted.get(tokenId) ?? -Infinity;
    if (Math.abs(at.getTime() - before) < APART_MS) return;
    if (this.#waiting.size >= MOST_TOKENS && !this.#waiting.has(tokenId)) return;
    this.#noted.delete(tokenId);
    this.#noted.set(tokenId, at.getTime());
    const [oldest] = this.#noted.keys();
    if (this.#noted.size > MOST_TOKENS && oldest !== undefined) this.#noted.delete(oldest);
    const plain = plainAddress(address);
    this.#waiting.set(tokenId, { tenantId, tokenId, at, address: isIP(plain) === 0 ? null : plain });
  }

  onApplicationBootstrap(): void {
    this.#timer = setInterval(() => void this.write(), WRITE_EVERY_MS);
  }

  /** When the last request has been answered. */
  async onApplicationShutdown(): Promise<void> {
    clearInterval(this.#timer);
    await this.#writing;
    await this.write();
  }

  /** Writes what is waiting, one tenant after the other. Once at a time. Never rejects. */
  write(): Promise<void> {
    this.#writing ??= this.#writeAll().finally(() => (this.#writing = null));
    return this.#writing;
  }

  async #writeAll(): Promise<void> {
    const uses = byTenant(this.#waiting.values());
    this.#waiting = new Map();
    for (const [tenantId, ofTenant] of uses) {
      uses.delete(tenantId);
      try {
        await this.store.record(tenantId, ofTenant);
        this.#failing = false;
      } catch (error) {
        // The others come first the next time, in case it is this tenant alone that cannot be written.
        this.#putBack([...[...uses.values()].flat(), ...ofTenant]);
        if (!this.#failing) this.#logger.warn({ err: error }, 'last uses of tokens could not be written yet');
        this.#failing = true;
        return;
      }
    }
  }

  /** A token that was used again meanwhile stays as it was noted then. */
  #putBack(uses: readonly Waiting[]): void {
    const later = this.#waiting;
    this.#waiting = new Map(uses.map((use) => [use.tokenId, use]));
    for (const [tokenId, use] of later) {
      if (this.#waiting.size < MOST_TOKENS || this.#waiting.has(tokenId)) this.#waiting.set(tokenId, use);
    }
  }
}

function byTenant(uses: Iterable<Waiting>): Map<string, Waiting[]> {
  const grouped = new Map<string, Waiting[]>();
  for (const use of uses) {
    const ofTenant = grouped.get(use.tenantId) ?? [];
    ofTenant.push(use);
    grouped.set(use.tenantId, ofTenant);
  }
  return grouped;
}
