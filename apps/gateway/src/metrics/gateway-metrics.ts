import type { AuditLog } from '#audit';
import type { BoundStorages } from '#binding';
import type { Database } from '#database';
import type { GatewayReply, GatewayRequest } from '#http';
import type { ContentCache } from '#source';
import { collectDefaultMetrics, Counter, Gauge, Registry } from 'prom-client';

import { showCache } from './cache-metrics.js';
import { collectCache } from './content-cache-metrics.js';
import { RequestMetrics } from './request-metrics.js';
import { StorageCollector } from './storage-metrics.collector.js';

const STATES = ['busy', 'idle', 'waiting'] as const;

/**
 * What this process has done and how it is, for Prometheus. No label names a tenant, a token, a source or a bucket, nor
 * anything else that a client can choose: the number of series is bounded, and nobody learns who is served.
 */
export class GatewayMetrics {
  readonly #registry = new Registry();
  readonly #requests = new RequestMetrics(this.#registry);

  constructor(
    storages: BoundStorages,
    database: Pick<Database, 'connections' | 'cacheCounts'>,
    log: Pick<AuditLog, 'dropped'>,
    cache: Pick<ContentCache, 'counts'>,
  ) {
    collectDefaultMetrics({ register: this.#registry });
    // Which version runs is nobody's business who may not log in to the machine.
    this.#registry.removeSingleMetric('nodejs_version_info');
    new StorageCollector(storages, this.#registry);
    showCache(database, this.#registry);
    collectCache(cache, this.#registry);
    new Counter({
      name: 'gatehold_audit_dropped_total',
      help: 'Reads and refused credentials that are missing in audit logs: the database was away, or could not keep up.',
      registers: [this.#registry],
      collect() {
        this.reset();
        this.inc(log.dropped);
      },
    });
    new Gauge({
      name: 'gatehold_database_connections',
      help: 'Connections to the database by state, and, as waiting, what waits for one.',
      labelNames: ['state'],
      registers: [this.#registry],
      collect() {
        const counts = database.connections();
        for (const state of STATES) this.set({ state }, counts[state]);
      },
    });
  }

  /** Media type of {@link render}'s text. */
  get contentType(): string {
    return this.#registry.contentType;
  }

  /** Counts an answer. */
  record(request: GatewayRequest, reply: GatewayReply): void {
    this.#requests.record(request, reply);
  }

  /** All there is, in Prometheus' text format 0.0.4. */
  render(): Promise<string> {
    return this.#registry.metrics();
  }
}
