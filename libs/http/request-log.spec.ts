import { beforeEach, describe, expect, it } from '@jest/globals';
import { pino, type Logger } from 'pino';

import { RequestLog } from './request-log.js';

describe('RequestLog', () => {
  let lines: Record<string, unknown>[];
  let server: Logger;
  let children: number;

  beforeEach(() => {
    lines = [];
    children = 0;
    const output = { write: (line: string) => void lines.push(JSON.parse(line) as Record<string, unknown>) };
    server = pino({ level: 'debug', base: null, timestamp: false, onChild: () => (children += 1) }, output);
  });

  it('puts the id of the request on every line, at every level that is written', () => {
    const log = new RequestLog(server, { request_id: 'one' });
    for (const level of ['fatal', 'error', 'warn', 'info', 'debug', 'trace'] as const)
      log[level]({ it: level }, 'said');
    log.silent();
    const written = ['fatal', 'error', 'warn', 'info', 'debug'];
    expect(lines).toEqual(
      written.map((level) => ({
        level: server.levels.values[level],
        request_id: 'one',
        it: level,
        msg: 'said',
      })),
    );
    expect([log.level, children]).toEqual(['debug', 1]);
  });

  it('makes nothing for a request that has nothing to say', () => {
    expect([new RequestLog(server, { request_id: 'one' }).level, children]).toEqual(['debug', 0]);
  });

  it('has children that say the id too', () => {
    new RequestLog(server, { request_id: 'one' }).child({ part: 2 }).warn('said');
    expect(lines).toEqual([{ level: 40, request_id: 'one', part: 2, msg: 'said' }]);
  });
});
