import { afterEach, describe, expect, it } from '@jest/globals';
import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

import { Load, type LoadJob, type Measured, runLoad } from './request-load.mjs';

const CONNECTIONS = 4;
let server: Server | undefined;

afterEach(() => {
  server?.closeAllConnections();
  server?.close();
});

async function listening(answer: RequestListener): Promise<string> {
  server = createServer(answer);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

async function load(answer: RequestListener, job: Partial<LoadJob> = {}): Promise<Measured> {
  const url = await listening(answer);
  return await runLoad({ url, path: '/[id]', connections: CONNECTIONS, seconds: 0.5, ...job }, undefined);
}

describe('a load', () => {
  it('counts what was answered, on as many connections as it is told', async () => {
    let count = 0;
    const ports = new Set<number | undefined>();
    const seen = await load((request, response) => {
      count += 1;
      ports.add(request.socket.remotePort);
      response.end('an answer');
    });
    expect(seen.answers).toBe(count);
    expect(ports.size).toBe(CONNECTIONS);
    expect(seen.perSecond).toBeGreaterThan(0);
    expect(seen.perSecond).toBeLessThanOrEqual(count * 2);
    expect(seen.p50Ms).toBeGreaterThan(0);
    expect(seen.p99Ms).toBeGreaterThanOrEqual(seen.p50Ms);
  });

  it('counts also what is answered when the time is over, and the time until then', async () => {
    const url = await listening(
      (_request, response) => void setTimeout(() => response.end('an answer'), 200),
    );
    const turns = new Load({ url, path: '/[id]', connections: CONNECTIONS }, undefined);
    const began = performance.now();
    for (let turn = 0; turn < 2; turn += 1) await turns.run(0.1);
    const elapsedMs = performance.now() - began;
    const seen = await turns.measured();
    await turns.close();
    expect(seen.answers).toBe(2 * CONNECTIONS);
    expect(seen.perSecond).toBeGreaterThanOrEqual((seen.answers * 1_000) / elapsedMs);
    expect(seen.perSecond).toBeLessThan((seen.answers * 1_000) / 390);
  });

  it('rests between its turns, on the same connections, and tells of those since it was last asked', async () => {
    let count = 0;
    const ports = new Set<number | undefined>();
    const url = await listening((request, response) => {
      count += 1;
      ports.add(request.socket.remotePort);
      response.end('an answer');
    });
    const turns = new Load({ url, path: '/[id]', connections: CONNECTIONS }, undefined);
    await turns.run(0.1);
    await turns.run(0.2);
    const before = count;
    expect((await turns.measured()).answers).toBe(before);
    expect(count).toBe(before);
    await turns.run(0.1);
    expect((await turns.measured()).answers).toBe(count - before);
    await turns.close();
    expect(ports.size).toBe(CONNECTIONS);
  });

  it('asks for another id with every request, by what it is told to', async () => {
    const asked: string[] = [];
    const bodies: string[] = [];
    const seen = await load(
      (request, response) => {
        asked.push(`${request.method} ${request.url} ${String(request.headers['x-field'])}`);
        request.setEncoding('utf8').on('data', (text: string) => bodies.push(text));
        request.on('end', () => response.end('an answer'));
      },
      { method: 'POST', body: '{"id":"[id]"}', headers: { 'x-field': 'value' } },
    );
    expect(new Set(asked).size).toBe(seen.answers);
    expect(asked[0]).toMatch(/^POST \/[0-9a-f-]{36} value$/);
    const [id] = /[0-9a-f-]{36}/.exec(asked[0] ?? '') ?? [];
    expect(bodies[0]).toBe(JSON.stringify({ id }));
  });

  it('takes an answer that comes in pieces, or whole, or has no body', async () => {
    let turn = 0;
    const seen = await load((_request, response) => {
      turn += 1;
      response.setHeader('content-length', turn % 3 === 0 ? 0 : 200_000);
      if (turn % 3 === 0) response.end();
      else if (turn % 3 === 1) response.end(Buffer.alloc(200_000));
      else {
        response.write(Buffer.alloc(1));
        setImmediate(() => response.end(Buffer.alloc(199_999)));
      }
    });
    expect(seen.answers).toBe(turn);
  });

  it.each<[string, RequestListener, RegExp]>([
    [
      'a refusal',
      (_request, response) => response.writeHead(503, { 'content-length': 2 }).end('{}'),
      /status 503/,
    ],
    ['a connection that is closed', (request) => request.socket.destroy(), /closed|ECONNRESET/],
    [
      'an answer without a length',
      (_request, response) => void (response.write('a'), response.end()),
      /no length/,
    ],
    [
      'an answer that is longer than it says',
      (request) => request.socket.write('HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nab'),
      /more than an answer/,
    ],
  ])('fails by %s', async (_what, answer, why) => {
    await expect(load(answer)).rejects.toThrow(why);
  });
});
