import { describe, expect, it } from '@jest/globals';

import { ownerOf, summarize } from './summary.mjs';

const CLONE = 'file:///home/somebody/node_modules of mine/gatehold';
const at = (functionName: string, url: string, lineNumber = 0) => ({ functionName, url, lineNumber });

describe('whose the time of a function is', () => {
  it.each([
    ['libs/http', at('readBody', `${CLONE}/dist/libs/http/body-reading.js`)],
    ['apps/gateway', at('record', `${CLONE}/dist/apps/gateway/src/metrics/gateway-metrics.js`)],
    ['Nest', at('handle', `${CLONE}/node_modules/@nestjs/core/router/router-proxy.js`)],
    ['Fastify', at('lookup', `${CLONE}/node_modules/fastify/node_modules/find-my-way/index.js`)],
    ['pg', at('parseRow', `${CLONE}/node_modules/pg-protocol/dist/parser.js`)],
    ['prom-client', at('any', `${CLONE}/node_modules/prom-client/lib/registry.js`)],
    ['node: http', at('parserOnIncoming', 'node:_http_server')],
    ['node: streams', at('writeOrBuffer', 'node:internal/streams/writable')],
    ['node: others', at('require', 'node:internal/modules/cjs/loader')],
    ['idle', at('(idle)', '')],
    ['garbage collection', at('(garbage collector)', '')],
    [null, at('writev', '')],
  ])('%s', (owner, frame) => {
    expect(ownerOf(frame)).toBe(owner);
  });
});

describe('the summary of a profile', () => {
  const nodes = [
    { id: 1, callFrame: at('(root)', ''), children: [2, 3, 6] },
    { id: 2, callFrame: at('(idle)', '') },
    { id: 3, callFrame: at('readBody', `${CLONE}/dist/libs/http/body-reading.js`, 9), children: [4, 5] },
    { id: 4, callFrame: at('parse', '') },
    { id: 5, callFrame: at('write', 'node:net', 99), children: [7] },
    { id: 6, callFrame: at('write', 'node:net', 99) },
    { id: 7, callFrame: at('writev', '') },
  ];
  // The first delta is the time before the first sample.
  const profile = {
    nodes,
    samples: [2, 3, 4, 5, 6, 7],
    timeDeltas: [500, 4_000, 1_000, 2_000, 1_500, -3, 700],
  };
  const { owners, functions, busyMs, totalMs } = summarize(profile);

  it("adds up the time of each owner, with what is built in as its caller's", () => {
    expect(owners.map(({ owner, ms }) => [owner, Math.round(ms * 10) / 10])).toEqual([
      ['idle', 4],
      ['libs/http', 3],
      ['node: net', 2.2],
    ]);
    expect(totalMs).toBeCloseTo(9.2);
    expect(busyMs).toBeCloseTo(5.2);
  });

  it('adds up what one function took, whoever called it, without the way to the clone', () => {
    expect(functions.map(({ name, place, ms }) => [name, place, ms])).toEqual([
      ['parse', '', 2],
      ['write', 'node:net:100', 1.5],
      ['readBody', 'dist/libs/http/body-reading.js:10', 1],
      ['writev', '', 0.7],
    ]);
  });
});
