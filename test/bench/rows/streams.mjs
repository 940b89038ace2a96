/**
 * Two gibibytes to and from the filesystem, through the gateway and through the least server that does the same to the
 * bytes. Both are sent and read by the same client, a process of its own, one request on one connection, and write to
 * the same file system.
 */
import { startBare } from '../support/bare-server.mjs';
import { startGateway } from '../support/gateway.mjs';
import { inPairs } from '../support/rounds.mjs';
import { throughGateway } from '../support/transfers.mjs';

const MIB = 2 ** 20;
const BYTES = 2048 * MIB;
const WISH = { bytes: BYTES, ids: ['bulk'] };

export const rows = [
  {
    name: 'stream-upload-2gib',
    unit: 'MiB/s',
    target: 0.8,
    floorName: 'node:http, 1 MiB chunks, SHA-256, fsync',
    measure: (bench) => measure(bench, 'up', 3),
  },
  {
    name: 'stream-download-2gib',
    unit: 'MiB/s',
    target: 0.8,
    floorName: 'node:http, 1 MiB chunks',
    measure: (bench) => measure(bench, 'down', 5),
  },
];

async function measure(bench, way, rounds) {
  const { ours, bare } = await bench.shared(stage);
  const onRound = (round, { value, floor }) =>
    bench.say(`round ${round}: ${Math.round(value)} MiB/s, floor ${Math.round(floor)} MiB/s`);
  return inPairs(
    { value: () => rate(ours, way, WISH), floor: () => rate(bare, way, WISH) },
    { rounds, onRound },
  );
}

/** Both servers, with the file in them: a download needs one, and an upload replaces it. */
async function stage(bench) {
  const gateway = await startGateway(bench);
  const { token } = await gateway.makeTenant();
  const ours = { gateway, token };
  const bare = { gateway: { url: await startBare(bench, 'bare-streams.mjs') }, token };
  for (const side of [ours, bare]) {
    await rate(side, 'up', WISH);
    await rate(side, 'down', { ...WISH, verify: true });
  }
  return { ours, bare };
}

async function rate(side, way, wish) {
  return wish.bytes / MIB / (await throughGateway(side, way, wish));
}
