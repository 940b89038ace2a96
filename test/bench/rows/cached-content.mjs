/**
 * 16 KiB by bearer and by link from a gateway that keeps small contents in memory, beside the floor of the rows that read
 * them from the disk: what the memory is good for.
 */
import { startBare } from '../support/bare-server.mjs';
import { CLIENT_CORE, pin, SERVER_CORE } from '../support/cores.mjs';
import { startGateway } from '../support/gateway.mjs';
import { inTurn, stoppedBetween } from '../support/request-rounds.mjs';
import { idsFile, pinPostgres, smallFiles } from '../support/request-stage.mjs';

const FILES = 512;
const CONNECTIONS = 32;
const CACHE_SIZE = '64MiB';

export const rows = [
  row('get-16kib-bearer-cached', ({ gateway, sources, headers }) => ({
    url: gateway.url,
    path: '/v1/sources/[id]/content',
    ids: sources,
    headers,
  })),
  row('get-16kib-link-cached', ({ gateway, links }) => ({
    url: gateway.url,
    path: '[id]',
    ids: links,
    headers: {},
  })),
];

function row(name, ask) {
  return {
    name,
    unit: 'requests/s',
    target: 0.72,
    floorName: 'node:http and fs.readFile',
    about: [
      `16 KiB of ${FILES} files, with \`GATEHOLD_CONTENT_CACHE_SIZE=${CACHE_SIZE}\`, ${CONNECTIONS} connections`,
      '`fs.readFile` and nothing else: from the disk',
    ],
    measure: async (bench) => {
      const stage = await bench.shared(cachedStage);
      return compare(bench, stage, ask(stage));
    },
  };
}

async function cachedStage(bench) {
  const gateway = await startGateway(bench, { GATEHOLD_CONTENT_CACHE_SIZE: CACHE_SIZE });
  const { token } = await gateway.makeTenant();
  const { sources, links } = await smallFiles(gateway, token, FILES);
  const bare = await startBare(bench, 'bare-requests.mjs', { core: SERVER_CORE });
  pin(SERVER_CORE, gateway.pid);
  await pinPostgres(CLIENT_CORE, gateway);
  return {
    gateway,
    bare,
    sources: await idsFile(bench, sources),
    links: await idsFile(bench, links),
    headers: { authorization: `Bearer ${token}` },
  };
}

function compare(bench, { gateway, bare, sources, headers }, wish) {
  const load = { method: 'GET', connections: CONNECTIONS };
  return inTurn(bench, {
    pid: gateway.pid,
    ours: stoppedBetween({ ...load, ...wish }, gateway.pid),
    theirs: stoppedBetween({ ...load, url: bare.fileUrl, path: '/file', ids: sources, headers }, bare.pid),
  });
}
