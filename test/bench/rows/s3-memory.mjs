/**
 * By how much the gateway's process grows while bytes go through it to Ceph's S3 server, and while they come back. Each
 * row has a fresh gateway, which has seen one small object go up and down: what that took (code, connections, one part's
 * buffer) counts as there before. Each way is counted from before it began, like in test/integration/memory.spec.ts;
 * value: the larger of both.
 *
 * These rows have no floor: the target is a maximum, and the value has to stay below it.
 */
import { cephStage, startBoundGateway } from '../support/s3-stage.mjs';
import { throughGateway } from '../support/transfers.mjs';

const MIB = 2 ** 20;
const WARM_UP_BYTES = 4 * MIB;

export const rows = [
  memoryRow({ streams: 1, bytes: 1024 * MIB, target: 64 }),
  memoryRow({ streams: 16, bytes: 128 * MIB, target: 200 }),
];

function memoryRow({ streams, bytes, target }) {
  return {
    name: `s3-memory-${streams}`,
    unit: 'MiB',
    target,
    atMost: true,
    floorName: 'none: the target is a maximum',
    about: [
      `the most by which the gateway's process grew during ${bytes / MIB} MiB up, or down, by each of ${streams} at once`,
      'none: the target is a maximum',
    ],
    measure: (bench) => measure(bench, streams, bytes),
  };
}

async function measure(bench, streams, bytes) {
  const bound = await startBoundGateway(bench);
  const warm = { bytes: WARM_UP_BYTES, ids: ['warm'], verify: true };
  await throughGateway(bound, 'up', warm);
  await throughGateway(bound, 'down', warm);
  const wish = { bytes, ids: Array.from({ length: streams }, (_, number) => `bulk-${number}`) };
  const growthUp = await bound.gateway.watchMemory();
  await throughGateway(bound, 'up', wish);
  const up = await growthUp();
  const growthDown = await bound.gateway.watchMemory();
  await throughGateway(bound, 'down', wish);
  const down = await growthDown();
  bench.say(
    `grew by ${Math.round(up / MIB)} MiB on the way up, ${Math.round(down / MIB)} MiB on the way down`,
  );
  await (await bench.shared(cephStage)).clear();
  return { value: Math.max(up, down) / MIB, floor: null };
}
