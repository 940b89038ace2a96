import { describe, expect, it } from '@jest/globals';
import Fastify from 'fastify';
import { pino } from 'pino';

import { logAnswers } from './access-log.js';

/** What is logged of one request at a level. */
async function logged(level: string, url: string, requestId: string): Promise<string[]> {
  const lines: string[] = [];
  const logger = pino({ level }, { write: (line: string) => lines.push(line) });
  const server = Fastify({ genReqId: () => requestId });
  logAnswers(server, logger);
  server.get('/things/:id', () => 'text');
  const base = await server.listen({ port: 0, host: '127.0.0.1' });
  await (await fetch(base + url)).text();
  await server.close();
  return lines;
}

describe('the line of an answer', () => {
  it('is JSON, whatever its texts are made of', async () => {
    const requestId = 'a "quoted" \\ one\nwith é and \u2028';
    const [line = '', ...others] = await logged('info', '/things/%22?secret=1', requestId);
    expect(others).toEqual([]);
    expect(line.endsWith('}\n')).toBe(true);
    expect(JSON.parse(line)).toEqual({
      level: 'info',
      time: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
      request_id: requestId,
      method: 'GET',
      route: '/things/:id',
      path: '/things/"',
      status: 200,
      duration_ms: expect.any(Number),
      tenant_id: null,
      token_id: null,
      msg: 'request',
    });
  });

  it('is not written at a level that leaves it out', async () => {
    expect(await logged('warn', '/things/1', 'request')).toEqual([]);
    expect(await logged('silent', '/things/1', 'request')).toEqual([]);
  });

  it('names no route where none has matched', async () => {
    const [line = ''] = await logged('info', '/nothing', 'request');
    expect(JSON.parse(line)).toMatchObject({ route: null, path: '/nothing', status: 404 });
  });
});
