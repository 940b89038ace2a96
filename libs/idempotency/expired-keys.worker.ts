import {
  Injectable,
  Logger,
  type BeforeApplicationShutdown,
  type OnApplicationBootstrap,
} from '@nestjs/common';

import { IdempotencyStore } from './idempotency.store.js';
import { PlatformKeyStore } from './platform-key.store.js';

const EVERY_MS = 60_000;
const TENANTS_AT_ONCE = 100;
const KEYS_AT_ONCE = 1_000;

/**
 * Removes keys that are over: answers after a day, and claims of gateways that have died. Runs in every gateway; two at
 * once take different rows. What fails is tried again in the next round.
 */
@Injectable()
export class ExpiredKeysWorker implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly logger = new Logger(ExpiredKeysWorker.name);
  private running: Promise<void> | null = null;
  private timer: NodeJS.Timeout | undefined;
  private stopped = false;

  constructor(
    private readonly store: IdempotencyStore,
    private readonly platform: PlatformKeyStore,
  ) {}

  onApplicationBootstrap(): void {
    this.timer = setInterval(() => void this.sweep(), EVERY_MS);
  }

  async beforeApplicationShutdown(): Promise<void> {
    this.stopped = true;
    clearInterval(this.timer);
    await this.running;
  }

  /** Removes what is over now, of all tenants and the platform. One round at a time. Never rejects. */
  sweep(): Promise<void> {
    this.running ??= this.round()
      .catch((error: unknown) => {
        this.logger.warn({ err: error }, 'expired idempotency keys could not be removed; it is tried again');
      })
      .finally(() => (this.running = null));
    return this.running;
  }

  private async round(): Promise<void> {
    await this.exhaust(() => this.platform.removeExpired(KEYS_AT_ONCE));
    let after = '';
    for (;;) {
      const tenants = await this.platform.tenantsWithExpired(after, TENANTS_AT_ONCE);
      for (const tenantId of tenants)
        await this.exhaust(() => this.store.removeExpired(tenantId, KEYS_AT_ONCE));
      const last = tenants.at(-1);
      if (last === undefined || this.stopped) return;
      after = last;
    }
  }

  private async exhaust(remove: () => Promise<number>): Promise<void> {
    let removed = KEYS_AT_ONCE;
    while (removed === KEYS_AT_ONCE && !this.stopped) removed = await remove();
  }
}
