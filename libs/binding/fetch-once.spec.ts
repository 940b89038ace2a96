import { afterEach, describe, expect, it } from '@jest/globals';
import { Agent as HttpAgent, createServer, type Server } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';

import { fetchOnce, type FetchAgents, type FetchedAnswer } from './fetch-once.js';

let server: Server;
let agents: FetchAgents;
let url: string;
/** Of each connection, how many requests came on it. */
let asked: Map<Socket, number>;

/** A server that answers the first `good` requests of a connection, and closes it on the next one instead. */
async function startServer(good: number): Promise<void> {
  asked = new Map();
  server = createServer((request, answer) => {
    const { socket } = request;
    const count = (asked.get(socket) ?? 0) + 1;
    asked.set(socket, count);
    if (count > good) socket.destroy();
    else answer.end('content');
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  agents = { http: new HttpAgent({ keepAlive: true }), https: new HttpsAgent() };
}

afterEach(async () => {
  agents.http.destroy();
  server.closeAllConnections();
  await new Promise((closed) => server.close(closed));
});

const fetch = (maxBytes = 100, signal = AbortSignal.timeout(10_000)): Promise<FetchedAnswer> =>
  fetchOnce(url, agents, { maxBytes, signal });

describe('a fetch on a connection that was idle', () => {
  it('asks again on a new one when the server closes it before it answers', async () => {
    await startServer(1);
    expect((await fetch()).bytes.toString()).toBe('content');
    expect(await fetch()).toMatchObject({ status: 200, bytes: Buffer.from('content') });
    expect([...asked.values()]).toEqual([2, 1]);
  });

  it('asks again as often as the server closes one that was idle', async () => {
    await startServer(1);
    await Promise.all([fetch(), fetch(), fetch()]);
    expect((await fetch()).status).toBe(200);
    expect([...asked.values()]).toEqual([2, 2, 2, 1]);
  });

  it('reads an answer by its bound also there', async () => {
    await startServer(2);
    await fetch();
    await expect(fetch(6)).rejects.toMatchObject({ message: 'The answer is too long.' });
  });
});

describe('a fetch on a new connection', () => {
  it('fails when the server closes it before it answers', async () => {
    await startServer(0);
    await expect(fetch()).rejects.toMatchObject({ code: 'ECONNRESET' });
    expect([...asked.values()]).toEqual([1]);
  });

  it('fails when it is given up', async () => {
    await startServer(1);
    await expect(fetch(100, AbortSignal.abort())).rejects.toMatchObject({ name: 'AbortError' });
  });
});
