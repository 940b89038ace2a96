/**
 * One gibibyte to and from Ceph's S3 server, through the gateway and past it.
 *
 * The floor is the bare SDK in a process of its own, set up as the gateway's adapter sets it up: the same bucket, the
 * same bytes, the same 5 MiB parts with four on their way at once (which the entity tags prove), and for a download one
 * GetObject into nothing. It hashes nothing but what the SDK signs. The gateway's figure is that of a plain HTTP client
 * in a process of its own: one request on one connection, and in between everything that the gateway does, with the
 * SHA-256 of what comes up and its bookkeeping. Both clients make the same bytes the same way, and throw what comes
 * down away after counting it.
 */
import { inPairs } from '../support/rounds.mjs';
import { cephStage, startBoundGateway } from '../support/s3-stage.mjs';
import { pastGateway, throughGateway } from '../support/transfers.mjs';

const MIB = 2 ** 20;
const GIB = 2 ** 30;
const WARM_UP_BYTES = 64 * MIB;
const SOURCE = 'bulk';
const KEY = 'floor/bulk';

export const rows = [
  {
    name: 's3-upload-1gib',
    unit: 'MiB/s',
    target: 0.5,
    floorName: 'the bare SDK, same parts',
    about: [
      'one raw upload through the gateway into an S3 bucket',
      'the bare SDK: 5 MiB parts, four at once; no SHA-256 of the whole',
    ],
    measure: upload,
  },
  {
    name: 's3-download-1gib',
    unit: 'MiB/s',
    target: 0.5,
    floorName: 'the bare SDK',
    about: ['one download by bearer out of the bucket', 'the bare SDK: one GetObject, thrown away'],
    measure: download,
  },
];

async function upload(bench) {
  const { ceph, bound } = await stage(bench);
  const onRound = async (round, pair) => {
    tell(bench, round, pair);
    const [one, other] = await ceph.partsOf(GIB);
    if (one === undefined || one !== other) throw new Error(`Parts differ: ${one} and ${other}.`);
    await ceph.clear();
  };
  return inPairs(
    {
      value: async () => rate(await throughGateway(bound, 'up', { bytes: GIB, ids: [SOURCE] })),
      floor: async () => rate(await pastGateway(ceph, 'up', { bytes: GIB, key: KEY })),
    },
    { rounds: 3, onRound },
  );
}

async function download(bench) {
  const { ceph, bound } = await stage(bench);
  await throughGateway(bound, 'up', { bytes: GIB, ids: [SOURCE] });
  await pastGateway(ceph, 'up', { bytes: GIB, key: KEY });
  const figures = await inPairs(
    {
      value: async () => rate(await throughGateway(bound, 'down', { bytes: GIB, ids: [SOURCE] })),
      floor: async () => rate(await pastGateway(ceph, 'down', { bytes: GIB, key: KEY })),
    },
    { rounds: 7, onRound: (round, pair) => tell(bench, round, pair) },
  );
  await ceph.clear();
  return figures;
}

async function stage(bench) {
  return { ceph: await bench.shared(cephStage), bound: await bench.shared(warmGateway) };
}

/** A gateway through which bytes have gone both ways, and come back as they were. */
async function warmGateway(bench) {
  const ceph = await bench.shared(cephStage);
  const bound = await startBoundGateway(bench);
  const wish = { bytes: WARM_UP_BYTES, ids: ['warm'], verify: true };
  await throughGateway(bound, 'up', wish);
  await throughGateway(bound, 'down', wish);
  await ceph.clear();
  return bound;
}

function rate(seconds) {
  return GIB / MIB / seconds;
}

function tell(bench, round, { value, floor }) {
  const name = round === 0 ? 'warm-up' : `round ${round}`;
  const ratio = (value / floor).toFixed(2);
  bench.say(`${name}: ${Math.round(value)} MiB/s, floor ${Math.round(floor)} MiB/s, ratio ${ratio}`);
}
