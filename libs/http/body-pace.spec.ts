import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import fastify, { type FastifyInstance } from 'fastify';
import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { connect, type AddressInfo, type Socket } from 'node:net';

import { startPace, tooSlow, watchBodies } from './body-pace.js';
import { HttpErrors } from './http-errors.js';

const WINDOW_MS = 200;
/** More than a request and the sockets on both sides buffer. */
const LARGE = 16 * 2 ** 20;

let server: FastifyInstance;
let client: Socket;
let arrived: Promise<IncomingMessage>;

beforeEach(async () => {
  server = fastify();
  watchBodies(server, { bytesPerSecond: 1_000, windowMs: WINDOW_MS });
  server.removeAllContentTypeParsers();
  server.addContentTypeParser('*', (_request, payload, done) => done(null, payload));
  arrived = new Promise((resolve) => {
    server.all('/', (request) => {
      resolve(request.raw);
      return new Promise(() => undefined);
    });
  });
  await server.listen({ port: 0, host: '127.0.0.1' });
  client = connect((server.server.address() as AddressInfo).port, '127.0.0.1');
  client.on('error', () => undefined);
  await once(client, 'connect');
});

afterEach(async () => {
  client.destroy();
  await server.close();
});

function begin(length: number): void {
  client.write(`PUT / HTTP/1.1\r\nHost: x\r\nContent-Length: ${length}\r\n\r\n`);
}

/** Lets windows pass, which is what the clock under test counts. */
function windows(count: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, count * WINDOW_MS));
}

describe('the pace of a body (UP-06)', () => {
  it('is not looked at before somebody wants the body', async () => {
    begin(10);
    const request = await arrived;
    await windows(3);
    expect(tooSlow(request)?.aborted).toBe(false);
  });

  it('is too slow when nothing comes, and says so with a coded error', async () => {
    begin(10);
    const request = await arrived;
    startPace(request);
    const signal = tooSlow(request);
    await once(signal as AbortSignal, 'abort');
    expect(signal?.reason).toMatchObject({ kind: HttpErrors.timeout });
  });

  it('does not count the time in which the gateway reads nothing of what has come', async () => {
    begin(LARGE);
    client.write(Buffer.alloc(LARGE - 1));
    const request = await arrived;
    startPace(request);
    await windows(5);
    expect(tooSlow(request)?.aborted).toBe(false);
    // Once all of it has been read, the client alone is waited for.
    request.resume();
    await once(tooSlow(request) as AbortSignal, 'abort');
  });

  it('is over with the body, however long the answer takes', async () => {
    begin(10);
    client.write('x'.repeat(9));
    const request = await arrived;
    startPace(request);
    client.write('x');
    await once(request.resume(), 'end');
    await windows(3);
    expect(tooSlow(request)?.aborted).toBe(false);
  });

  it('is none of a request without a body', async () => {
    client.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
    const request = await arrived;
    startPace(request);
    expect(tooSlow(request)).toBeUndefined();
  });
});
