/**
 * Small uploads on the filesystem: 16 KiB each, every one a new source, durable and committed when it is answered. The
 * floor stores the same bytes as durably and knows nothing about them. Both are loaded by clients of the same kind, in short
 * turns, with the same number of connections, and write to the same file system. Neither has a core to itself: what waits
 * for a disk does so in other threads and processes.
 */
import { CLIENT_CORE } from '../support/cores.mjs';

import { startBare } from '../support/bare-server.mjs';
import { startGateway } from '../support/gateway.mjs';
import { runLoad } from '../support/request-load.mjs';
import { inTurn, stoppedBetween } from '../support/request-rounds.mjs';

const BODY_BYTES = 16 * 1024;
const CONNECTIONS = 32;
/**
 * Of both sides: until the embedded PostgreSQL has looked at its new tables, which it does every ten seconds, and plans by
 * what is in them.
 */
const WARM_UP_SECONDS = 13;
const TURN_SECONDS = 1;
const MOST_RSS_MIB = 200;

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
    mostRssMib: MOST_RSS_MIB,
    measure,
  },
];

async function measure(bench) {
  const gateway = await startGateway(bench);
  const { token } = await gateway.makeTenant();
  const ours = jobFor({
    url: gateway.url,
    path: '/v1/sources/[id]/content',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/octet-stream' },
  });
  const bare = await startBare(bench, 'bare-upload.mjs');
  const theirs = jobFor({ url: bare.url, path: '/[id]', headers: {} });
  for (const job of [ours, theirs]) await runLoad({ ...job, seconds: WARM_UP_SECONDS }, CLIENT_CORE);
  return inTurn(bench, {
    pid: gateway.pid,
    ours: stoppedBetween(ours, gateway.pid),
    theirs: stoppedBetween(theirs, bare.pid),
    turnSeconds: TURN_SECONDS,
  });
}

function jobFor(target) {
  return { ...target, method: 'PUT', bodyBytes: BODY_BYTES, connections: CONNECTIONS };
}
