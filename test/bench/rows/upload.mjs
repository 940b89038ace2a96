/**
 * Small uploads on the filesystem: 16 KiB each, every one a new source, durable and committed when it is answered. The
 * floor stores the same bytes as durably and knows nothing about them. Both are loaded by the same client, one after the
 * other, with the same number of connections, and write to the same file system.
 */
import { startBare } from '../support/bare-server.mjs';
import { startGateway } from '../support/gateway.mjs';
import { runLoad } from '../support/request-load.mjs';
import { interleave } from '../support/rounds.mjs';

const BODY_BYTES = 16 * 1024;
const CONNECTIONS = 32;
/**
 * Of both sides: until the embedded PostgreSQL has looked at its new tables, which it does every ten seconds, and plans by
 * what is in them.
 */
const WARM_UP_SECONDS = 13;
const SECONDS = 5;

export const rows = [
  {
    name: 'upload',
    unit: 'uploads/s',
    target: 0.25,
    floorName: 'node:http, SHA-256, write, fsync, rename, fsync of the folder',
    about: [
      `16 KiB each by PUT, every one a new source, by ${CONNECTIONS} connections on the filesystem`,
      'the same bytes stored as durably by a bare server that knows nothing about them',
    ],
    measure,
  },
];

async function measure(bench) {
  const gateway = await startGateway(bench);
  const { token } = await gateway.makeTenant();
  const ours = {
    url: gateway.url,
    path: '/v1/sources/[id]/content',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/octet-stream' },
  };
  const { url } = await startBare(bench, 'bare-upload.mjs');
  const bare = { url, path: '/[id]', headers: {} };
  for (const side of [ours, bare]) await load(side, WARM_UP_SECONDS);
  const tell = (round, { value, floor }) =>
    bench.say(`round ${round}: ${Math.round(value.at(-1))} /s, floor ${Math.round(floor.at(-1))} /s`);
  return interleave(
    { value: () => load(ours, SECONDS), floor: () => load(bare, SECONDS) },
    { onRound: tell },
  );
}

/** Answers per second. */
async function load(side, seconds) {
  const job = { ...side, method: 'PUT', bodyBytes: BODY_BYTES, connections: CONNECTIONS, seconds };
  return (await runLoad(job)).perSecond;
}
