/**
 * 16 KiB by bearer and by link from a gateway that keeps small contents in memory, beside the floor of the rows that read
 * them from the disk: what the memory is good for.
 */
import { startBare } from '../support/bare-server.mjs';
import { pin } from '../support/cores.mjs';
import { startGateway } from '../support/gateway.mjs';
import { cpuUs, forgetPeak, peakMib } from '../support/process-cost.mjs';
import { runLoad } from '../support/request-load.mjs';
import { idsFile, pinPostgres, smallFiles } from '../support/request-stage.mjs';
import { median } from '../support/rounds.mjs';

const SERVER_CORE = 0;
const CLIENT_CORE = 1;
const ROUNDS = 3;
const SECONDS = 4;
const FILES = 512;
const CONNECTIONS = 32;
const CACHE_MIB = '64';

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
      `16 KiB of ${FILES} files, with \`GATEHOLD_CONTENT_CACHE_MIB=${CACHE_MIB}\`, ${CONNECTIONS} connections`,
      '`fs.readFile` and nothing else: from the disk',
    ],
    measure: async (bench) => {
      const stage = await bench.shared(cachedStage);
      return compare(bench, stage, ask(stage));
    },
  };
}

async function cachedStage(bench) {
  const gateway = await startGateway(bench, { GATEHOLD_CONTENT_CACHE_MIB: CACHE_MIB });
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

async function compare(bench, { gateway, bare, sources, headers }, wish) {
  const load = { method: 'GET', connections: CONNECTIONS, seconds: SECONDS };
  const ours = { ...load, ...wish };
  const theirs = { ...load, url: bare.fileUrl, path: '/file', ids: sources, headers };
  for (const job of [ours, theirs]) await runLoad(job, CLIENT_CORE);
  await forgetPeak(gateway.pid);
  const measured = [];
  for (let round = 1; round <= ROUNDS; round += 1) {
    const before = await cpuUs(gateway.pid);
    const value = await runLoad(ours, CLIENT_CORE);
    const cpu = before === null ? null : ((await cpuUs(gateway.pid)) - before) / value.answers;
    const floor = await runLoad(theirs, CLIENT_CORE);
    measured.push({ ...value, cpu, floor: floor.perSecond });
    bench.say(`round ${round}: ${Math.round(value.perSecond)} /s, floor ${Math.round(floor.perSecond)} /s`);
  }
  const of = (pick) => (pick(measured[0]) === null ? null : median(measured.map(pick)));
  return {
    value: of(({ perSecond }) => perSecond),
    floor: of(({ floor }) => floor),
    p50Ms: of(({ p50Ms }) => p50Ms),
    p99Ms: of(({ p99Ms }) => p99Ms),
    cpuUs: of(({ cpu }) => cpu),
    rssMib: await peakMib(gateway.pid),
  };
}
