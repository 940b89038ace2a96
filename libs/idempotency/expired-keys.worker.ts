import { JobSchedule } from '#jobs';
import { Injectable } from '@nestjs/common';

import { IdempotencyStore } from './idempotency.store.js';
import { PlatformKeyStore } from './platform-key.store.js';

const EVERY_MS = 60_000;
const TENANTS_AT_ONCE = 100;
const KEYS_AT_ONCE = 1_000;

/**
 * Removes keys that are over: answers after a day, and claims of gateways that have died. Two processes at once take
 * different rows.
 */
@Injectable()
export class ExpiredKeysWorker {
  constructor(
    private readonly store: IdempotencyStore,
    private readonly platform: PlatformKeyStore,
    schedule: JobSchedule,
  ) {
    const run = (signal: AbortSignal) => this.run(signal);
    schedule.add({ name: 'expired idempotency keys', everyMs: EVERY_MS, run });
  }

  private async run(signal: AbortSignal): Promise<boolean> {
    await exhaust(() => this.platform.removeExpired(KEYS_AT_ONCE), signal);
    let after = '';
    for (;;) {
      const tenants = await this.platform.tenantsWithExpired(after, TENANTS_AT_ONCE);
      for (const tenantId of tenants)
        await exhaust(() => this.store.removeExpired(tenantId, KEYS_AT_ONCE), signal);
      const last = tenants.at(-1);
      if (last === undefined || signal.aborted) return false;
      after = last;
    }
  }
}

async function exhaust(remove: () => Promise<number>, signal: AbortSignal): Promise<void> {
  let removed = KEYS_AT_ONCE;
  while (removed === KEYS_AT_ONCE && !signal.aborted) removed = await remove();
}
