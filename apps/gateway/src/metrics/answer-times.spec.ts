import { describe, expect, it } from '@jest/globals';
import { array, assert, asyncProperty, constantFrom, double, record } from 'fast-check';
import { Histogram, Registry } from 'prom-client';

import { AnswerTimes } from './answer-times.js';

const BOUNDS = [0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5, 30];
const ANSWERS = array(
  record({
    method: constantFrom('GET', 'PUT'),
    route: constantFrom('/a', '/b/:id', 'say "no"\n'),
    status: constantFrom(200, 404),
    seconds: double({ min: 0, max: 60, noNaN: true }),
  }),
);

/** What a registry shows, line by line, in an order of its own. */
async function shown(registry: Registry): Promise<string[]> {
  return (await registry.metrics()).split('\n').sort();
}

describe('AnswerTimes', () => {
  it('shows what the library’s histogram would show of the same answers', async () => {
    await assert(
      asyncProperty(ANSWERS, async (answers) => {
        const [ours, theirs] = [new Registry(), new Registry()];
        const times = new AnswerTimes(ours);
        const histogram = new Histogram({
          name: 'gatehold_http_request_seconds',
          help: 'Answers by route, method and status, and the time from the request to the last byte of the answer.',
          labelNames: ['method', 'route', 'status'],
          buckets: BOUNDS,
          registers: [theirs],
        });
        for (const { method, route, status, seconds } of answers) {
          times.add(method, route, status, seconds);
          histogram.observe({ method, route, status: String(status) }, seconds);
        }
        expect(await shown(ours)).toEqual(await shown(theirs));
        expect(ours.getMetricsAsArray()).toHaveLength(1);
      }),
    );
  });

  it.each(BOUNDS)('counts an answer that took %d seconds as no longer than that', async (seconds) => {
    const registry = new Registry();
    new AnswerTimes(registry).add('GET', '/', 200, seconds);
    expect(await shown(registry)).toContain(
      `gatehold_http_request_seconds_bucket{le="${seconds}",method="GET",route="/",status="200"} 1`,
    );
  });
});
