import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { once } from 'node:events';
import { createServer, type Server, type ServerResponse } from 'node:http';
import { connect, type AddressInfo, type Socket } from 'node:net';
import { Readable } from 'node:stream';

import { onChunkSent, onSent } from './sent-chunks.js';

const CHUNK_BYTES = 1024 * 1024;

let server: Server;
let client: Socket;

beforeEach(async () => {
  server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  client = connect((server.address() as AddressInfo).port, '127.0.0.1');
});

afterEach(() => {
  client.destroy();
  server.close();
});

/** Asks, and answers with the answer to fill. */
async function ask(): Promise<ServerResponse> {
  const asked = once(server, 'request');
  client.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
  const [, answer] = (await asked) as [unknown, ServerResponse];
  return answer;
}

it('tells of the very chunks that were piped into an answer, in their order, all of them once it is read', async () => {
  const answer = await ask();
  const chunks = [1, 2, 3].map((filling) => Buffer.alloc(CHUNK_BYTES, filling));
  const told: Buffer[] = [];
  onChunkSent(answer, (chunk) => told.push(chunk));
  client.resume();
  const finished = once(answer, 'finish');
  Readable.from(chunks, { objectMode: false }).pipe(answer);
  await finished;
  expect(told.length).toBe(3);
  for (const [index, chunk] of told.entries()) expect(chunk).toBe(chunks[index]);
});

it('tells of no chunk while its reader does not take it, nor when the connection breaks', async () => {
  const answer = await ask();
  client.pause();
  const told: Buffer[] = [];
  onChunkSent(answer, (chunk) => told.push(chunk));
  // More than the system holds for one connection, so that the last of them cannot be on its way.
  const stuck = Buffer.alloc(64 * CHUNK_BYTES);
  answer.on('error', () => undefined);
  answer.write('first');
  answer.write(stuck);
  const closed = once(answer, 'close');
  client.destroy();
  await closed;
  expect(told).not.toContain(stuck);
});

it('tells when the system has taken a whole answer', async () => {
  const answer = await ask();
  let told = 0;
  client.pause();
  onSent(answer, () => (told += 1));
  const finished = once(answer, 'finish');
  answer.end(Buffer.alloc(64 * CHUNK_BYTES));
  await new Promise(setImmediate);
  expect(told).toBe(0);
  client.resume();
  await finished;
  expect(told).toBe(1);
});

it('never tells of an answer that is broken off', async () => {
  const answer = await ask();
  let told = 0;
  client.pause();
  onSent(answer, () => (told += 1));
  answer.on('error', () => undefined);
  answer.end(Buffer.alloc(64 * CHUNK_BYTES));
  const closed = once(answer, 'close');
  client.destroy();
  await closed;
  expect(told).toBe(0);
});
