import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import fastify, { type FastifyInstance } from 'fastify';
import { once } from 'node:events';
import { request, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';

import { watchLargeBodies } from './large-bodies.js';

const LARGE = 4 * 1024 * 1024 + 1;

let server: FastifyInstance;
let underWay: number;
let begun: number;

beforeEach(async () => {
  [underWay, begun] = [0, 0];
  server = fastify({ bodyLimit: 2 * LARGE, exposeHeadRoutes: true });
  watchLargeBodies(server, () => {
    underWay += 1;
    begun += 1;
    return () => (underWay -= 1);
  });
  server.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body));
  server.get<{ Querystring: { bytes: string } }>('/', ({ query }, reply) =>
    reply.header('content-length', query.bytes).send(Readable.from([Buffer.alloc(Number(query.bytes))])),
  );
  server.put('/', () => underWay);
  await server.listen({ port: 0, host: '127.0.0.1' });
});

afterEach(() => server.close());

/** Answers the text of the answer, when all of it has come and the server knows that. */
async function ask(
  method: string,
  path: string,
  headers: Record<string, string>,
  body?: Buffer,
): Promise<string> {
  const { port } = server.server.address() as AddressInfo;
  const asking = request({ port, host: '127.0.0.1', method, path, headers, agent: false });
  const closed = new Promise((resolve) => {
    server.server.once('request', (_request, answer) => answer.once('close', resolve));
  });
  asking.end(body);
  const [answer] = (await once(asking, 'response')) as [IncomingMessage];
  const text = Buffer.concat(await answer.toArray()).toString('latin1');
  await closed;
  return text;
}

describe('watchLargeBodies', () => {
  it('counts a large request body until its answer is over', async () => {
    expect(await ask('PUT', '/', { 'content-length': `${LARGE}` }, Buffer.alloc(LARGE))).toBe('1');
    expect([begun, underWay]).toEqual([1, 0]);
  });

  it('counts one of a length that nobody knows', async () => {
    expect(await ask('PUT', '/', { 'transfer-encoding': 'chunked' }, Buffer.alloc(3))).toBe('1');
    expect([begun, underWay]).toEqual([1, 0]);
  });

  it('counts a large answer, and no answer without a body', async () => {
    expect(await ask('GET', `/?bytes=${LARGE}`, {})).toHaveLength(LARGE);
    expect([begun, underWay]).toEqual([1, 0]);
    await ask('HEAD', `/?bytes=${LARGE}`, {});
    expect(begun).toBe(1);
  });

  it('counts nothing that is small', async () => {
    await ask('PUT', '/', { 'content-length': '3' }, Buffer.alloc(3));
    await ask('GET', '/?bytes=3', {});
    expect(begun).toBe(0);
  });
});
