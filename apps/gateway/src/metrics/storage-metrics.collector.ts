import type { BoundStorages } from '#binding';
import { Counter, Gauge, type Registry } from 'prom-client';

const CALL = ['adapter', 'operation'] as const;

/** Shows what storages have been asked, what they failed with, and which of them are left alone. */
export class StorageCollector {
  readonly #calls: Counter<'adapter' | 'operation'>;
  readonly #seconds: Counter<'adapter' | 'operation'>;
  readonly #failures: Counter<'adapter' | 'operation' | 'code'>;

  constructor(
    private readonly storages: Pick<BoundStorages, 'metrics' | 'leftAlone'>,
    registry: Registry,
  ) {
    const registers = [registry];
    this.#calls = new Counter({
      name: 'gatehold_storage_calls_total',
      help: 'Calls to storages that have ended, failed ones too.',
      labelNames: CALL,
      registers,
      collect: () => this.#collect(),
    });
    this.#seconds = new Counter({
      name: 'gatehold_storage_call_seconds_total',
      help: 'Time that these calls took together: a get until its first byte, a put until it was durable.',
      labelNames: CALL,
      registers,
    });
    this.#failures = new Counter({
      name: 'gatehold_storage_failures_total',
      help: 'Calls to storages that failed, by error code; left_alone: not made, since the storage kept failing.',
      labelNames: [...CALL, 'code'],
      registers,
    });
    new Gauge({
      name: 'gatehold_storages_left_alone',
      help: 'Storages that are not asked at the moment because they kept failing.',
      labelNames: ['adapter'],
      registers,
      collect() {
        for (const [adapter, count] of storages.leftAlone()) this.set({ adapter }, count);
      },
    });
  }

  /** The counters take over what has been counted; the first of them to be read does it for all. */
  #collect(): void {
    for (const counter of [this.#calls, this.#seconds, this.#failures]) counter.reset();
    for (const { adapter, operation, calls, milliseconds, failures } of this.storages.metrics.snapshot()) {
      this.#calls.inc({ adapter, operation }, calls);
      this.#seconds.inc({ adapter, operation }, milliseconds / 1000);
      for (const [code, count] of Object.entries(failures))
        this.#failures.inc({ adapter, operation, code }, count);
    }
  }
}
