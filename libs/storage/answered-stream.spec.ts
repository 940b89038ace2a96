import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { EndpointGuard, guardedAgents, type GuardedAgents } from '#storage';
import { readAll, sampleBytes } from '#storage/testing';
import { once } from 'node:events';
import { createServer, get, type IncomingMessage, type RequestListener, type Server } from 'node:http';
import { createServer as createSecureServer, get as getSecurely } from 'node:https';
import type { AddressInfo } from 'node:net';

import { AnsweredStream } from './answered-stream.js';

const MIB = 1024 * 1024;
const CONTENTS: Readonly<Record<string, Buffer>> = {
  '/big': sampleBytes(12 * MIB),
  '/small': sampleBytes(MIB, 2),
};
/** TLS by a secret that both sides know: no certificate is needed. */
const SECRET = Buffer.alloc(32, 'known to both');
const TLS = { ciphers: 'PSK', maxVersion: 'TLSv1.2' } as const;

/** Asks for a path; answers once the header is there. */
type Ask = (path: string) => Promise<IncomingMessage>;

describe('an answer on its way from a storage to a client', () => {
  let agents: GuardedAgents;
  let servers: Server[];
  let connections: number;

  beforeEach(() => {
    const limits = { connectMs: 30_000, maxConnections: 4 };
    agents = guardedAgents(EndpointGuard.unrestricted(), limits, { tapped: true });
    servers = [];
    connections = 0;
  });
  afterEach(async () => {
    agents.http.destroy();
    agents.https.destroy();
    for (const server of servers) {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    }
  });

  async function portOf(server: Server): Promise<number> {
    servers.push(server);
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return (server.address() as AddressInfo).port;
  }

  const serve: RequestListener = ({ url = '' }, response) => {
    const content = CONTENTS[url] ?? Buffer.alloc(0);
    response.writeHead(200, { 'content-length': content.length }).end(content);
  };

  async function plainStorage(): Promise<Ask> {
    const server = createServer(serve).on('connection', () => (connections += 1));
    const port = await portOf(server);
    return (path) => answerOf(get({ host: '127.0.0.1', port, path, agent: agents.http }));
  }

  async function secureStorage(): Promise<Ask> {
    const server = createSecureServer({ ...TLS, pskCallback: () => SECRET }, serve);
    const port = await portOf(server);
    const psk = { ...TLS, pskCallback: () => ({ psk: SECRET, identity: 'test' }) };
    return (path) =>
      answerOf(
        getSecurely({
          host: '127.0.0.1',
          port,
          path,
          agent: agents.https,
          ...psk,
          checkServerIdentity: () => undefined,
        }),
      );
  }

  /** Passes the answer to a path on to a client of its own, who reads it. */
  async function passedOn(ask: Ask, path: string): Promise<Buffer> {
    const port = await portOf(
      createServer((_request, response) => {
        void ask(path).then((answer) => {
          const lengthBytes = Number(answer.headers['content-length']);
          response.writeHead(200, { 'content-length': lengthBytes });
          new AnsweredStream(answer, lengthBytes, undefined).pipe(response);
        });
      }),
    );
    return readAll(await answerOf(get({ host: '127.0.0.1', port, agent: false })));
  }

  const storages: [string, () => Promise<Ask>][] = [
    ['http', plainStorage],
    ['https', secureStorage],
  ];

  it.each(storages)('arrives byte for byte over %s, large or small, one after the other', async (_, open) => {
    const ask = await open();
    for (const path of ['/small', '/big', '/small', '/big', '/big'])
      expect((await passedOn(ask, path)).equals(CONTENTS[path] as Buffer)).toBe(true);
  });

  it('leaves its connection to be used again, unless it was large', async () => {
    const ask = await plainStorage();
    for (let round = 0; round < 3; round += 1) await passedOn(ask, '/small');
    expect(connections).toBe(1);
    await passedOn(ask, '/big');
    await passedOn(ask, '/small');
    expect(connections).toBe(2);
  });

  it('can be read like any stream as well, and then leaves its connection to be used again', async () => {
    const ask = await plainStorage();
    for (let round = 0; round < 2; round += 1) {
      const answer = await ask('/big');
      const chunks: Buffer[] = [];
      for await (const chunk of new AnsweredStream(answer, 12 * MIB, undefined)) chunks.push(chunk as Buffer);
      expect(Buffer.concat(chunks).equals(CONTENTS['/big'] as Buffer)).toBe(true);
    }
    expect(connections).toBe(1);
  });
});

async function answerOf(asked: ReturnType<typeof get>): Promise<IncomingMessage> {
  const [answer] = (await once(asked, 'response')) as [IncomingMessage];
  return answer;
}
