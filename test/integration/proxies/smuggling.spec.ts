import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { randomUUID } from 'node:crypto';

import { Api, expectStatus, freshId, makeTenant, type TestTenant } from '../../support/api.js';
import { CountingWire, DEPLOYED_PROXIES } from '../../support/deployed-proxies.js';
import type { ForegroundServer } from '../../support/foreground-server.js';
import { GatewayProcess } from '../../support/gateway-process.js';
import { describeWith } from '../../support/programs.js';
import { ask, exchange, head, statusOf } from '../../support/raw-http.js';
import { riddles, type Riddle } from '../../support/smuggling.js';

jest.setTimeout(60_000);

/** A path that nobody asks for, but for requests hidden in others. */
const HIDDEN = `/hidden-${randomUUID()}`;
/** The first swallows what comes after it on a connection; the second needs nothing more. */
const INNER = [
  `GET ${HIDDEN} HTTP/1.1\r\nHost: gateway.test\r\nX-Rest: `,
  `GET ${HIDDEN} HTTP/1.1\r\nHost: gateway.test\r\n\r\n`,
];
const RIDDLES = INNER.flatMap(riddles);
const MINE = 'mine alone';

let gateway: GatewayProcess;
let one: TestTenant;
let two: TestTenant;

beforeAll(async () => {
  gateway = await GatewayProcess.start();
  const root = new Api(gateway.url, gateway.rootToken);
  [one, two] = [await makeTenant(root), await makeTenant(root)];
  expectStatus(await two.editor.put('mine', MINE), 201);
});

afterAll(() => gateway.dispose());

/** An upload by one tenant whose framing is a riddle. It says that it is the last on its connection. */
async function put(url: string, { rest }: Riddle): Promise<string> {
  const lines = head('PUT', `/v1/sources/${freshId('s')}/content`, one.editor.token, []);
  return await exchange(url, lines.slice(0, -'\r\n'.length) + rest, 'wait');
}

/** What another tenant gets for a request of its own, with that request's id. */
async function expectOwnAnswer(url: string): Promise<void> {
  const id = randomUUID();
  const answer = await ask(url, {
    path: '/v1/sources/mine/content',
    token: two.viewer.token,
    headers: { 'x-request-id': id },
  });
  expect([answer.status, answer.text, answer.headers['x-request-id']]).toEqual([200, MINE, id]);
}

const answersIn = (received: string): number => received.split('HTTP/1.1 ').length - 1;

async function expectUnmoved(url: string): Promise<void> {
  for (const riddle of RIDDLES) {
    const received = await put(url, riddle);
    expect([riddle.name, answersIn(received)]).toEqual([riddle.name, 1]);
    // Taken as it can only be meant, or refused for its form; never an error of the server's own.
    expect([riddle.name, [201, 400, 401, 422, 501].includes(statusOf(received) ?? 0)]).toEqual([
      riddle.name,
      true,
    ]);
    await expectOwnAnswer(url);
  }
  await gateway.logged();
  expect(gateway.log).not.toContain(HIDDEN);
}

describe('a request hidden in another', () => {
  it('IV-18: is not found by the gateway', async () => {
    await expectUnmoved(gateway.url);
  });
});

for (const { file, program, startSharing } of DEPLOYED_PROXIES)
  describeWith([program], `a request hidden in another, through ${file}`, () => {
    let wire: CountingWire;
    let proxy: ForegroundServer;

    beforeAll(async () => {
      wire = await CountingWire.to(gateway.url);
      proxy = await startSharing(wire.url);
    });

    afterAll(async () => {
      await proxy.stop();
      await wire.close();
    });

    it('IV-18: is not found by the gateway, and spoils no connection that others use too', async () => {
      const before = wire.connections;
      await expectUnmoved(proxy.url);
      // Two requests for each riddle; many of them came on a connection that had been used before.
      expect(wire.connections - before).toBeLessThan(RIDDLES.length);
    });

    it('would be seen: two requests that follow each other openly are both answered', async () => {
      const path = `/open-${randomUUID()}`;
      const first = `GET ${path} HTTP/1.1\r\nHost: gateway.test\r\n\r\n`;
      expect(answersIn(await exchange(proxy.url, first + head('GET', path, null, []), 'wait'))).toBe(2);
      await gateway.logged();
      expect(gateway.log.split(path).length - 1).toBe(2);
    });
  });
