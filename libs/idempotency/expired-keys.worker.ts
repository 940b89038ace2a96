import { JobSchedule } from '#jobs';
import { Injectable } from '@nestjs/common';

import { IdempotencyStore } from './idempotency.store.js';
import { PlatformKeyStore } from './platform-key.store.js';

const EVERY_MS = 60_000;
const TENANTS_AT_ONCE = 100;
const KEYS_AT_ONCE = 1_000;

/**
 * Removes keys that are over: answers after a day, and claims of gateways that have died. In every process that works in
 * the background; two at once take different rows.
 */
@Injectable()
export class ExpiredKeysWorker {
  constructor(
    private readonly store: IdempotencyStore,
    private readonly platform: PlatformKeyStore,
    schedule: JobSchedule,
  ) {
    schedule.add({
      name: 'expired-idempotency-keys',
      everyMs: EVERY_MS,
      run: async (signal) => {
        await this.sweep(signal);
        return false;
      },
    });
  }

  /** Removes what is over by now, of the platform and all tenants; ends early when `signal` aborts. */
  async sweep(signal: AbortSignal): Promise<void> {
    await exhaust(signal, () => this.platform.removeExpired(KEYS_AT_ONCE));
    let after = '';
    while (!signal.aborted) {
      const tenants = await this.platform.tenantsWithExpired(after, TENANTS_AT_ONCE);
      for (const tenantId of tenants)
        await exhaust(signal, () => this.store.removeExpired(tenantId, KEYS_AT_ONCE));
      const last = tenants.at(-1);
      if (last === undefined) return;
      after = last;
    }
  }
}

async function exhaust(signal: AbortSignal, remove: () => Promise<number>): Promise<void> {
  let removed = KEYS_AT_ONCE;
  while (removed === KEYS_AT_ONCE && !signal.aborted) removed = await remove();
}
