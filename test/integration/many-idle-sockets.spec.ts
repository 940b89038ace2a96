import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';

import { Api, expectStatus, makeTenant } from '../support/api.js';
import { eventually } from '../support/eventually.js';
import { descriptorCount } from '../support/gateway-inside.js';
import { GatewayProcess } from '../support/gateway-process.js';
import { head, statusOf } from '../support/raw-http.js';
import { RawPeer } from '../support/raw-peer.js';

jest.setTimeout(120_000);

const SOCKETS = 1_000;
const REQUESTS = 100;
/** Connections to the database, and those of the callers, come and go. */
const SLACK = 24;
/** More than the buffers of a socket hold. */
const LARGE = Buffer.alloc(16 * 2 ** 20, 'unread ');
const DEAF = 10;

const ALIVE = 'GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n';

/** Opens so many connections of a kind, a few at a time. */
async function openMany(count: number, open: (number: number) => Promise<RawPeer>): Promise<RawPeer[]> {
  const peers: RawPeer[] = [];
  while (peers.length < count) {
    const batch = Array.from({ length: Math.min(50, count - peers.length) }, (_, index) =>
      open(peers.length + index),
    );
    peers.push(...(await Promise.all(batch)));
  }
  return peers;
}

/** The ways in which a connection can be held without asking for much, by turns. */
async function hold(url: string, token: string | null, number: number): Promise<RawPeer> {
  const peer = await RawPeer.open(url);
  if (number % 4 === 1) await peer.send('GET /v1/me HTTP/1.1\r\nHost: x\r\nX-Half: ');
  if (number % 4 === 2) {
    await peer.send(ALIVE);
    await eventually('an answer', async () => peer.received.includes('"ok"'));
  }
  if (number % 4 === 3)
    await peer.send(head('PUT', `/v1/sources/held-${number}/content`, token, ['Content-Length: 8192']) + 'x');
  return peer;
}

async function start(env: Record<string, string>): Promise<{ gateway: GatewayProcess; editor: Api }> {
  const gateway = await GatewayProcess.start({ env });
  const { editor } = await makeTenant(new Api(gateway.url, gateway.rootToken));
  expectStatus(await editor.put('kept', 'as it was'), 201);
  expectStatus(await editor.put('large', LARGE), 201);
  return { gateway, editor };
}

describe(`${SOCKETS} connections that are held: unused, half a header, kept alive, half a body (RS-01)`, () => {
  let gateway: GatewayProcess;
  let editor: Api;

  beforeAll(async () => {
    ({ gateway, editor } = await start({ GATEHOLD_IDLE_TIMEOUT_SECONDS: '3600' }));
  });

  afterAll(() => gateway.dispose());

  it('stop nobody else, and leave no descriptor when they go', async () => {
    const baseline = await descriptorCount(gateway.pid, gateway.dataDir);
    const held = await openMany(SOCKETS, (number) => hold(gateway.url, editor.token, number));
    await eventually(
      'the gateway has them all',
      async () => (await descriptorCount(gateway.pid, gateway.dataDir)) >= baseline + SOCKETS,
    );
    for (let number = 0; number < REQUESTS; number += 1)
      expect((await editor.get('/v1/sources/kept/content')).text).toBe('as it was');
    for (const peer of held) peer.reset();
    await eventually(
      'descriptors are back',
      async () => (await descriptorCount(gateway.pid, gateway.dataDir)) <= baseline + SLACK,
    );
    const { data } = (await editor.get('/v1/sources')).json as { data: { name: string }[] };
    expect(data.map(({ name }) => name).sort()).toEqual(['kept', 'large']);
  });
});

describe(`${SOCKETS} connections that are held for as long as the gateway lets them (RS-01)`, () => {
  let gateway: GatewayProcess;
  let editor: Api;

  beforeAll(async () => {
    ({ gateway, editor } = await start({
      GATEHOLD_HEADER_TIMEOUT_SECONDS: '1',
      GATEHOLD_KEEP_ALIVE_SECONDS: '1',
      GATEHOLD_MINIMUM_RATE_SECONDS: '1',
      GATEHOLD_IDLE_TIMEOUT_SECONDS: '2',
    }));
  });

  afterAll(() => gateway.dispose());

  it('are closed, every one, with those that leave their answer unread', async () => {
    const baseline = await descriptorCount(gateway.pid, gateway.dataDir);
    const unread = await openMany(DEAF, async () => {
      const peer = await RawPeer.open(gateway.url, { deaf: true });
      await peer.send(head('GET', '/v1/sources/large/content', editor.token, []));
      return peer;
    });
    const held = await openMany(SOCKETS, async (number) => {
      const peer = await RawPeer.open(gateway.url);
      if (number % 4 === 1) await peer.send('GET /v1/me HTTP/1.1\r\nHost: x\r\nX-Half: ');
      if (number % 4 === 2) await peer.send(ALIVE);
      if (number % 4 === 3)
        await peer.send(
          `${head('PUT', '/v1/sources/held/content', editor.token, ['Content-Length: 8192'])}x`,
        );
      return peer;
    });
    const answers = await Promise.all(held.map(({ closed }) => closed));
    const statuses = answers.map(statusOf);
    for (const kind of [0, 1, 2, 3]) {
      const own = statuses.filter((_status, index) => index % 4 === kind);
      expect(new Set(own)).toEqual(new Set([kind === 2 ? 200 : 408]));
    }
    await eventually(
      'descriptors are back',
      async () => (await descriptorCount(gateway.pid, gateway.dataDir)) <= baseline + SLACK - DEAF,
    );
    for (const peer of unread) peer.reset();
    expectStatus(await editor.get('/v1/sources/held'), 404);
  });

  it('a header of a thousand ranges costs no more than one range', async () => {
    const ranges = Array.from({ length: 1_000 }, (_, index) => `${index}-`).join(',');
    const answer = await editor.get('/v1/sources/large/content', { headers: { range: `bytes=${ranges}` } });
    expect(answer.status).toBe(200);
    expect(answer.bytes.equals(LARGE)).toBe(true);
  });
});
