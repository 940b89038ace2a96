import { GuardedStorage, type ObjectStorage, StorageMetrics } from '#storage';

/** Longer than anything takes on a busy machine: what is too slow is another suite's question. Milliseconds. */
const PATIENCE_MS = 120_000;

/** A storage as the gateway uses it: behind the guard, which admits the suite's keys. */
export function guarded(storage: ObjectStorage): ObjectStorage {
  return new GuardedStorage(storage, {
    adapter: 'contract',
    keyPrefix: null,
    timeouts: { firstByteMs: PATIENCE_MS, idleMs: PATIENCE_MS },
    metrics: new StorageMetrics(),
  });
}
