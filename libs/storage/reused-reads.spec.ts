import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { EndpointGuard, type GuardedAgents, guardedAgents } from '#storage';
import { MIB, sampleBytes, sha256 } from '#storage/testing';
import { once } from 'node:events';
import {
  createServer,
  get,
  type IncomingMessage,
  type RequestListener,
  type Server,
  type ServerResponse,
} from 'node:http';
import { createServer as createSecureServer, get as getSecurely } from 'node:https';
import { type AddressInfo, connect, createServer as createTcpServer, type Socket } from 'node:net';

import { reusingReads } from './reused-reads.js';

/** More than the kernel keeps of an answer that nobody reads. */
const SIZE = 24 * MIB;
/** TLS by a secret that both sides know: no certificate is needed. */
const SECRET = Buffer.alloc(32, 'known to both');
const TLS = { ciphers: 'PSK', maxVersion: 'TLSv1.2' } as const;

/** Asks for the content of a number; answers once the header is there. */
type Ask = (seed: number) => Promise<IncomingMessage>;

describe('a connection that reads into the same memory again and again', () => {
  it('takes no other memory for what it reads', async () => {
    const server = createTcpServer((peer) => peer.end(sampleBytes(MIB))).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const make = reusingReads((options: object) => connect({ ...options, port }));
    const socket = make({ host: '127.0.0.1' }, () => undefined) as Socket;
    const [memories, pieces] = [new Set<ArrayBufferLike>(), [] as Buffer[]];
    socket.on('data', (piece: Buffer) => {
      memories.add(piece.buffer);
      pieces.push(Buffer.from(piece));
    });
    await once(socket, 'end');
    expect([memories.size, sha256(Buffer.concat(pieces))]).toEqual([1, sha256(sampleBytes(MIB))]);
    server.close();
    await once(server, 'close');
  });
});

describe.each(['http', 'https'] as const)('answers that come from a storage over %s', (scheme) => {
  let agents: GuardedAgents;
  let server: Server;
  let ask: Ask;
  let connections: Socket[];
  let answers: ServerResponse[];

  beforeEach(async () => {
    agents = guardedAgents(EndpointGuard.unrestricted(), { connectMs: 30_000, maxConnections: 4 });
    [connections, answers] = [[], []];
    const serve: RequestListener = ({ url = '' }, response) => {
      answers.push(response);
      response.writeHead(200, { 'content-length': SIZE }).end(sampleBytes(SIZE, Number(url.slice(1))));
    };
    const psk = () => ({ psk: SECRET, identity: 'test' });
    server =
      scheme === 'http'
        ? createServer(serve)
        : createSecureServer({ ...TLS, pskCallback: () => SECRET }, serve);
    server.on(scheme === 'http' ? 'connection' : 'secureConnection', (peer: Socket) =>
      connections.push(peer),
    );
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const place = { host: '127.0.0.1', port };
    const secure = { ...place, ...TLS, pskCallback: psk, checkServerIdentity: () => undefined };
    ask = async (seed) => {
      const path = `/${seed}`;
      const asked =
        scheme === 'http'
          ? get({ ...place, path, agent: agents.http })
          : getSecurely({ ...secure, path, agent: agents.https });
      const [answer] = (await once(asked, 'response')) as [IncomingMessage];
      return answer;
    };
  });
  afterEach(async () => {
    agents.http.destroy();
    agents.https.destroy();
    server.close();
    server.closeAllConnections();
    await once(server, 'close');
  });

  it('RS-02 keep every piece as it came, while others come over the same and other connections', async () => {
    const seeds = [1, 2, 3];
    const held = await Promise.all(seeds.map((seed) => ask(seed).then(piecesOf)));
    // Over connections that these pieces came over.
    await Promise.all(seeds.map((seed) => ask(seed + 10).then(piecesOf)));
    expect(held.map((pieces) => sha256(Buffer.concat(pieces)))).toEqual(
      seeds.map((seed) => sha256(sampleBytes(SIZE, seed))),
    );
    expect(connections).toHaveLength(seeds.length);
  });

  it('RS-02 wait for a reader who has stopped, and go on with him', async () => {
    const answer = await ask(1);
    // Another is read meanwhile from beginning to end: there was time for this one to come as well.
    await piecesOf(await ask(2));
    expect(answers[0]?.writableFinished).toBe(false);
    expect(answer.readableLength).toBeLessThan(MIB);
    expect(sha256(Buffer.concat(await piecesOf(answer)))).toBe(sha256(sampleBytes(SIZE, 1)));
  });

  it('ST-11 break off when their connection does', async () => {
    const answer = await ask(1);
    answer.once('data', () => connections[0]?.destroy());
    await expect(piecesOf(answer)).rejects.toThrow('aborted');
  });
});

async function piecesOf(answer: IncomingMessage): Promise<Buffer[]> {
  const pieces: Buffer[] = [];
  for await (const piece of answer as AsyncIterable<Buffer>) pieces.push(piece);
  return pieces;
}
