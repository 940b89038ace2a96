/**
 * Two gibibytes to and from the filesystem, through the gateway and through the least server that does the same to the
 * bytes. Both are sent and read by the same client, a process of its own, one request on one connection, and write new
 * files to the same file system.
 */
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';

import { startBare } from '../support/bare-server.mjs';
import { startGateway } from '../support/gateway.mjs';
import { inPairs } from '../support/rounds.mjs';
import { throughGateway } from '../support/transfers.mjs';

const MIB = 2 ** 20;
const BYTES = 2048 * MIB;

export const rows = [
  {
    name: 'stream-upload-2gib',
    unit: 'MiB/s',
    target: 0.8,
    floorName: 'node:http, 1 MiB chunks, SHA-256, fsync',
    about: ['one raw upload to the filesystem', 'a bare server with chunks of 1 MiB, SHA-256 and fsync'],
    measure: (bench) => measure(bench, 'up', 3),
  },
  {
    name: 'stream-download-2gib',
    unit: 'MiB/s',
    target: 0.8,
    floorName: 'node:http, 1 MiB chunks',
    about: ['one download by bearer from the filesystem', 'a bare server that reads chunks of 1 MiB'],
    measure: (bench) => measure(bench, 'down', 5),
  },
];

async function measure(bench, way, rounds) {
  const { ours, bare } = await bench.shared(stage);
  const onRound = (round, { value, floor }) =>
    bench.say(`round ${round}: ${Math.round(value)} MiB/s, floor ${Math.round(floor)} MiB/s`);
  return inPairs({ value: () => rate(ours, way), floor: () => rate(bare, way) }, { rounds, onRound });
}

/** Both servers, with the file in them: a download needs one, and an upload replaces it. */
async function stage(bench) {
  const gateway = await startGateway(bench);
  const { token } = await gateway.makeTenant();
  const server = await startBare(bench, 'bare-streams.mjs');
  const ours = { gateway, token, folder: join(gateway.dataDir, 'objects') };
  const bare = { gateway: server, token, folder: server.folder };
  for (const side of [ours, bare]) {
    await rate(side, 'up');
    await rate(side, 'down', { verify: true });
  }
  return { ours, bare };
}

async function rate(side, way, { verify = false } = {}) {
  const seconds = await throughGateway(side, way, { bytes: BYTES, ids: ['bulk'], verify });
  // What was replaced is removed after the answer, and must not be on the other's time.
  while ((await largeFiles(side.folder)) > 1) await wait(50);
  return BYTES / MIB / seconds;
}

async function largeFiles(folder) {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile());
  const sizes = await Promise.all(files.map(({ parentPath, name }) => sizeOf(join(parentPath, name))));
  return sizes.filter((size) => size === BYTES).length;
}

/** 0 for what has just gone. */
async function sizeOf(path) {
  return (await stat(path).catch(() => ({ size: 0 }))).size;
}
