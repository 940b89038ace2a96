import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { EndpointGuard, guardedAgents } from '#storage';
import { codeOf } from '#storage/testing';
import { once } from 'node:events';
import {
  createServer as createHttpServer,
  type IncomingMessage,
  request as requestHttp,
  type Server,
} from 'node:http';
import { request as requestHttps } from 'node:https';
import { createServer as createTcpServer, type AddressInfo } from 'node:net';

const LIMITS = { connectMs: 30_000, maxConnections: 4 };

/** GETs through agents of that guard; answers the status. The agents are closed afterwards. */
async function statusOf(url: string, guard: EndpointGuard, limits = LIMITS): Promise<number | undefined> {
  const { http, https } = guardedAgents(guard, limits);
  const secure = url.startsWith('https:');
  const sent = secure ? requestHttps(url, { agent: https }) : requestHttp(url, { agent: http });
  try {
    sent.end();
    const [answer] = (await once(sent, 'response')) as [IncomingMessage];
    answer.resume();
    return answer.statusCode;
  } finally {
    http.destroy();
    https.destroy();
  }
}

describe('IV-16 connections to storages', () => {
  let server: Server;
  let port = 0;
  let connections = 0;

  beforeAll(async () => {
    server = createHttpServer((request, response) => {
      if (request.url === '/redirect') response.writeHead(302, { location: `http://127.0.0.2:${port}/` });
      response.end('x');
    });
    server.on('connection', () => (connections += 1));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    port = (server.address() as AddressInfo).port;
  });
  afterAll(async () => {
    server.close();
    await once(server, 'close');
  });

  it.each(['127.0.0.1', '0x7f.1', '2130706433', '[::ffff:127.0.0.1]', 'localhost', 'LocalHost'])(
    'refuses %s before a byte is sent, by http and https',
    async (host) => {
      const before = connections;
      for (const scheme of ['http', 'https'])
        expect(await codeOf(statusOf(`${scheme}://${host}:${port}/`, new EndpointGuard()))).toBe(
          'storage_endpoint_refused',
        );
      expect(connections).toBe(before);
    },
  );

  it('refuses spellings that only the resolver of the system understands', async () => {
    const { http } = guardedAgents(new EndpointGuard(), LIMITS);
    // Given as a host, not as a URL: nobody has written it out before it is looked up.
    const sent = requestHttp({ host: '0x7f.0.0.1', port, agent: http }).end();
    expect(await codeOf(once(sent, 'response'))).toBe('storage_endpoint_refused');
    http.destroy();
  });

  it('connects where the operator allows it, by address, range or name', async () => {
    expect(await statusOf(`http://127.0.0.1:${port}/`, new EndpointGuard(['127.0.0.1']))).toBe(200);
    expect(await statusOf(`http://localhost:${port}/`, new EndpointGuard(['127.0.0.0/8', '::1']))).toBe(200);
    expect(await statusOf(`http://localhost:${port}/`, new EndpointGuard(['localhost']))).toBe(200);
    expect(await statusOf(`http://127.0.0.1:${port}/`, EndpointGuard.unrestricted())).toBe(200);
  });

  it('follows no redirect', async () => {
    expect(await statusOf(`http://127.0.0.1:${port}/redirect`, new EndpointGuard(['127.0.0.1']))).toBe(302);
  });

  it('ST-10 gives up a connection whose TLS handshake is never answered', async () => {
    const silent = createTcpServer().listen(0, '127.0.0.1');
    await once(silent, 'listening');
    const accepted = once(silent, 'connection');
    const { port: silentPort } = silent.address() as AddressInfo;
    const guard = EndpointGuard.unrestricted();
    const asked = codeOf(statusOf(`https://127.0.0.1:${silentPort}/`, guard, { ...LIMITS, connectMs: 100 }));
    const [socket] = await accepted;
    socket.resume();
    expect(await asked).toBe('storage_timeout');
    await once(socket, 'close');
    silent.close();
  });
});
