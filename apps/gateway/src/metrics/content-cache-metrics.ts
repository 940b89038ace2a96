import type { ContentCache } from '#source';
import { Counter, Gauge, type Registry } from 'prom-client';

/** Shows how often small contents were in memory, and what those take there. */
export function collectCache(cache: Pick<ContentCache, 'counts'>, registry: Registry): void {
  const registers = [registry];
  new Counter({
    name: 'gatehold_content_cache_requests_total',
    help: 'Requests for small contents, by whether they were in memory; none are counted while nothing is kept.',
    labelNames: ['outcome'],
    registers,
    collect() {
      const { hits, misses } = cache.counts;
      this.reset();
      this.inc({ outcome: 'hit' }, hits);
      this.inc({ outcome: 'miss' }, misses);
    },
  });
  new Gauge({
    name: 'gatehold_content_cache_bytes',
    help: 'Memory that small contents take.',
    registers,
    collect() {
      this.set(cache.counts.bytes);
    },
  });
}
