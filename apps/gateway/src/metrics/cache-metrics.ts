import type { Database } from '#database';
import { Counter, Gauge, type Registry } from 'prom-client';

const FOUND = ['hit', 'miss'] as const;

/** Shows how much is kept of what was read of the database, how often that serves, and that changes are heard of. */
export function showCache(database: Pick<Database, 'cacheCounts'>, registry: Registry): void {
  const registers = [registry];
  new Gauge({
    name: 'gatehold_cache_bytes',
    help: 'About how much memory is taken by what is kept of what was read.',
    registers,
    collect() {
      this.set(database.cacheCounts().bytes);
    },
  });
  new Counter({
    name: 'gatehold_cache_lookups_total',
    help: 'How often something was looked for that may be kept, by whether it was there.',
    labelNames: ['found'],
    registers,
    collect() {
      const { hits, misses } = database.cacheCounts();
      this.reset();
      for (const found of FOUND) this.inc({ found }, found === 'hit' ? hits : misses);
    },
  });
  new Counter({
    name: 'gatehold_cache_heartbeats_total',
    help: 'How often it was proven that no change was missed: four times a second, or nothing is answered from what is kept.',
    registers,
    collect() {
      this.reset();
      this.inc(database.cacheCounts().heartbeats);
    },
  });
}
