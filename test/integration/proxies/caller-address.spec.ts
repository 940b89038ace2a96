import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { once } from 'node:events';
import { request, type IncomingMessage } from 'node:http';
import { connect, type Socket } from 'node:net';

import { Api, makeTenant, makeToken } from '../../support/api.js';
import { DEPLOYED_PROXIES } from '../../support/deployed-proxies.js';
import { eventually } from '../../support/eventually.js';
import type { ForegroundServer } from '../../support/foreground-server.js';
import { GatewayProcess } from '../../support/gateway-process.js';
import { openDescriptors } from '../../support/open-descriptors.js';
import { describeWith } from '../../support/programs.js';
import { sharedGateway } from '../../support/shared-gateway.js';
import { readAll } from '../../support/slow-client.js';

jest.setTimeout(60_000);

/** The proxy's address towards the gateway, the one the token is for, and another one. */
const [PROXY, OFFICE, ELSEWHERE] = ['127.0.0.1', '127.0.0.2', '127.0.0.3'];
const SLOW_CALLERS = 200;

/** What a caller might write to look as if it came from the office. */
const CLAIMS: readonly Record<string, string | string[]>[] = [
  { 'x-forwarded-for': OFFICE },
  { 'x-forwarded-for': `${OFFICE}, ${PROXY}` },
  { 'x-forwarded-for': [OFFICE, PROXY] },
  { 'x-forwarded-for': `${OFFICE}:1234` },
  { 'x-forwarded-for': `::ffff:${OFFICE}` },
  { 'x-forwarded-for': `,,${OFFICE},` },
  { 'x-forwarded-for': `${OFFICE},`.repeat(300) },
  { 'x-forwarded-for': '\u00ff' },
  { 'x-real-ip': OFFICE },
  { 'x-client-ip': OFFICE },
  { 'client-ip': OFFICE },
  { 'x-forwarded': OFFICE },
  { forwarded: `for=${OFFICE}` },
  { connection: 'close, x-forwarded-for', 'x-forwarded-for': OFFICE },
];

let gateway: GatewayProcess;
let token: string;
let proxyToken: string;

beforeAll(async () => {
  gateway = await GatewayProcess.start({ env: { GATEHOLD_TRUSTED_PROXIES: PROXY } });
  const root = new Api(gateway.url, gateway.rootToken);
  token = await tokenFor(root, OFFICE);
  proxyToken = await tokenFor(root, PROXY);
});

afterAll(() => gateway.dispose());

/** A token that works from one address only. */
async function tokenFor(root: Api, address: string): Promise<string> {
  const { admin, id } = await makeTenant(root);
  const wish = { role: 'viewer', ip_ranges: [`${address}/32`] };
  return (await makeToken(admin, id, wish)).token ?? '';
}

/** Status of `GET /v1/me` from an address of this machine, with headers as they are. */
async function statusFrom(
  address: string,
  url: string,
  bearer: string,
  headers: Record<string, string | string[]> = {},
): Promise<number> {
  const outgoing = request(`${url}/v1/me`, {
    localAddress: address,
    agent: false,
    headers: { authorization: `Bearer ${bearer}`, ...headers },
  });
  outgoing.end();
  const [response] = (await once(outgoing, 'response')) as [IncomingMessage];
  return (await readAll(response)).status;
}

describe('the address of a caller', () => {
  it('AN-11: is not what one writes who is no trusted proxy', async () => {
    expect(await statusFrom(OFFICE, gateway.url, token)).toBe(200);
    for (const claim of CLAIMS)
      expect([claim, await statusFrom(ELSEWHERE, gateway.url, token, claim)]).toEqual([claim, 401]);
  });

  it('AN-11: is refused when a trusted proxy says something that is none', async () => {
    for (const claim of ['unknown', 'x'.repeat(500), '127.0.0.2.', '0x7f.0.0.2', '127.2', '2130706434'])
      expect([claim, await statusFrom(PROXY, gateway.url, token, { 'x-forwarded-for': claim })]).toEqual([
        claim,
        401,
      ]);
  });
});

for (const { file, program, start } of DEPLOYED_PROXIES)
  describeWith([program], `callers behind ${file}`, () => {
    let proxy: ForegroundServer;

    beforeAll(async () => {
      proxy = await start(gateway.url);
    });

    afterAll(() => proxy.stop());

    it('AN-11: have the address they come from, whatever they write', async () => {
      expect(await statusFrom(OFFICE, proxy.url, token)).toBe(200);
      for (const claim of CLAIMS) {
        expect([claim, await statusFrom(ELSEWHERE, proxy.url, token, claim)]).toEqual([claim, 401]);
        expect([claim, await statusFrom(OFFICE, proxy.url, token, claim)]).toEqual([claim, 200]);
      }
    });

    it('AN-11: cannot have the proxy’s address instead of their own', async () => {
      for (const claim of CLAIMS)
        expect([claim, await statusFrom(ELSEWHERE, proxy.url, proxyToken, claim)]).toEqual([claim, 401]);
    });

    it('AN-11: all have the proxy’s address while the gateway trusts none', async () => {
      const { root, url } = sharedGateway();
      const careful = await start(url);
      try {
        const bearer = await tokenFor(root, OFFICE);
        expect(await statusFrom(OFFICE, careful.url, bearer)).toBe(401);
        for (const claim of CLAIMS)
          expect([claim, await statusFrom(ELSEWHERE, careful.url, bearer, claim)]).toEqual([claim, 401]);
      } finally {
        await careful.stop();
      }
    });

    it('RS-01: do not reach the gateway before their headers are complete', async () => {
      const sockets = async (): Promise<number> =>
        (await openDescriptors(gateway.pid)).filter((kind) => kind === 'socket').length;
      expect(await statusFrom(OFFICE, proxy.url, token)).toBe(200);
      const before = await sockets();
      const slow = await Promise.all(Array.from({ length: SLOW_CALLERS }, () => beginSlowly(proxy.url)));
      try {
        expect(await statusFrom(OFFICE, proxy.url, token)).toBe(200);
        expect(await sockets()).toBeLessThan(before + SLOW_CALLERS / 10);
      } finally {
        for (const socket of slow) socket.destroy();
      }
      await eventually(
        'the proxy serves on',
        async () => (await statusFrom(OFFICE, proxy.url, token)) === 200,
      );
    });
  });

/** Connects and sends the first half of a request's headers. */
async function beginSlowly(url: string): Promise<Socket> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  socket.on('error', () => undefined);
  await once(socket, 'connect');
  await new Promise<void>((resolve) => {
    socket.write('GET /v1/me HTTP/1.1\r\nHost: files.test\r\nX-Slow: ', () => resolve());
  });
  return socket;
}
