import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { stat } from 'node:fs/promises';

import { Api, expectStatus, makeTenant } from '../support/api.js';
import { eventually } from '../support/eventually.js';
import { GatewayProcess } from '../support/gateway-process.js';
import { openDescriptors } from '../support/open-descriptors.js';
import { bytesReadBy, COLLECTABLE, residentBytes, usedBytes } from '../support/process-memory.js';
import { head } from '../support/raw-http.js';
import { RawPeer } from '../support/raw-peer.js';

jest.setTimeout(120_000);

const MIB = 2 ** 20;
const PEERS = 50;
/** What each upload says it will send, and the size of what each download asks for. */
const SIZE = 200 * MIB;
/** Most of an upload that is offered before the sender falls silent. */
const OFFERED = Buffer.alloc(4 * MIB, 'offered ');
const NEXT_TO_NOTHING = 256 * 1024;
const MOST_GROWTH = 150 * MIB;
const MOST_RESIDENT = 400 * MIB;

let gateway: GatewayProcess;
let editor: Api;
const peers: RawPeer[] = [];

beforeAll(async () => {
  gateway = await GatewayProcess.start({ env: { ...COLLECTABLE, GATEHOLD_IDLE_TIMEOUT_SECONDS: '3600' } });
  ({ editor } = await makeTenant(new Api(gateway.url, gateway.rootToken)));
  const chunk = Buffer.alloc(MIB, 'large ');
  const body = new ReadableStream<Uint8Array>({
    pull: (() => {
      let left = SIZE / MIB;
      return (controller: ReadableStreamDefaultController<Uint8Array>) => {
        if (left-- > 0) controller.enqueue(chunk);
        else controller.close();
      };
    })(),
  });
  expectStatus(await editor.request('PUT', '/v1/sources/large/content', { body }), 201);
  expectStatus(await editor.put('small', 'small'), 201);
});

afterEach(async () => {
  for (const peer of peers.splice(0)) peer.reset();
  await eventually('every file is closed', async () => (await openObjects()) === 0);
});

afterAll(() => gateway.dispose());

async function expectBounded(before: number): Promise<void> {
  const resident = await residentBytes(gateway.pid);
  process.stderr.write(
    `stalled: grew by ${((resident - before) / MIB).toFixed(0)} to ${(resident / MIB).toFixed(0)} MiB\n`,
  );
  expect(resident).toBeLessThan(MOST_RESIDENT);
  expect(resident - before).toBeLessThan(MOST_GROWTH);
  expect((await editor.get('/v1/sources/small/content')).text).toBe('small');
}

/**
 * Waits until the gateway reads next to nothing for a second, and answers how much it has read. It asks its database
 * now and then.
 */
async function readingEnded(): Promise<number> {
  let mark = { bytes: 0, at: 0 };
  return await eventually('the gateway reads no more', async () => {
    const bytes = await bytesReadBy(gateway.pid);
    if (bytes - mark.bytes > NEXT_TO_NOTHING) mark = { bytes, at: performance.now() };
    return performance.now() - mark.at > 1_000 ? bytes : null;
  });
}

/** How many files of objects, finished or not, the gateway has open. */
async function openObjects(): Promise<number> {
  const paths = (await openDescriptors(gateway.pid)).filter((path) => path.startsWith(gateway.dataDir));
  const stats = await Promise.all(paths.map((path) => stat(path).catch(() => null)));
  return stats.filter((one, index) => one?.isFile() === true && /\/objects\//.test(paths[index] ?? ''))
    .length;
}

describe(`${PEERS} transfers of ${SIZE / MIB} MiB whose peers stall (RS-02)`, () => {
  it('going down: reading from the storage stops, and memory follows neither size nor number', async () => {
    const before = await usedBytes(gateway);
    const readBefore = await bytesReadBy(gateway.pid);
    for (let number = 0; number < PEERS; number += 1) {
      const peer = await RawPeer.open(gateway.url, { deaf: true });
      await peer.send(head('GET', '/v1/sources/large/content', editor.token, []));
      peers.push(peer);
    }
    await eventually('every download has begun', async () => (await openObjects()) === PEERS);
    const read = (await readingEnded()) - readBefore;
    // What the two kernels' buffers take, and what is read ahead.
    expect(read / PEERS).toBeLessThan(16 * MIB);
    await expectBounded(before);
  });

  it('going up: what has come is on the disk and not in memory', async () => {
    const before = await usedBytes(gateway);
    for (let number = 0; number < PEERS; number += 1) {
      const peer = await RawPeer.open(gateway.url);
      const headers = [`Content-Length: ${SIZE}`];
      await peer.send(head('PUT', `/v1/sources/stalled-${number}/content`, editor.token, headers));
      await peer.send(OFFERED);
      peers.push(peer);
    }
    await eventually('every upload has begun', async () => (await openObjects()) === PEERS);
    await readingEnded();
    await expectBounded(before);
    expectStatus(await editor.get('/v1/sources/stalled-0'), 404);
  });
});
