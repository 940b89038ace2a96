/**
 * What requests cost that are small: one kind of request after the other, each by 32 connections, to the gateway and to the
 * least server that answers the like. Both have one core to themselves where a core can be chosen, and their client and
 * PostgreSQL have the other.
 */
import { startBare } from '../support/bare-server.mjs';
import { pin } from '../support/cores.mjs';
import { startGateway } from '../support/gateway.mjs';
import { fill, idsFile, pinPostgres, smallFiles } from '../support/request-stage.mjs';
import { runLoad } from '../support/request-load.mjs';
import { cpuUs, forgetPeak, peakMib } from '../support/process-cost.mjs';
import { median } from '../support/rounds.mjs';

const SERVER_CORE = 0;
const CLIENT_CORE = 1;
const ROUNDS = 3;
const WARM_UP_SECONDS = 4;
const SECONDS = 4;
const KNOWN = 512;
const MILLION = 1_000_000;
const FASTIFY = 'Fastify, one SHA-256 and one HMAC-SHA256';
const READ_FILE = 'node:http and fs.readFile';
const LINKS_IN_BATCH = 1_000;

/** `ask`: what is asked of the gateway; `floor`: what of the bare server. Both are given the stage. */
const REQUESTS = [
  {
    name: 'issue-url-get',
    target: 0.65,
    floorName: FASTIFY,
    ask: () => ({ path: '/knowledge-base/sources/[id]/download' }),
    floor: () => ({ path: '/issue?id=[id]' }),
  },
  {
    name: 'issue-url-post',
    target: 0.65,
    floorName: FASTIFY,
    ask: ({ tenantId }) => fetchContent(tenantId, 'url'),
    floor: ({ tenantId }) => ({ ...fetchContent(tenantId, 'url'), path: '/issue' }),
  },
  {
    name: 'issue-url-get-new',
    target: 0.6,
    floorName: `${FASTIFY}, one prepared query`,
    isNew: true,
    ask: () => ({ path: '/knowledge-base/sources/[id]/download' }),
    floor: () => ({ path: '/issue-read?id=[id]' }),
  },
  {
    name: 'issue-url-post-new',
    target: 0.6,
    floorName: `${FASTIFY}, one prepared query`,
    isNew: true,
    ask: ({ tenantId }) => fetchContent(tenantId, 'url'),
    floor: ({ tenantId }) => ({ ...fetchContent(tenantId, 'url'), path: '/issue-read' }),
  },
  {
    name: 'fetch-16kib',
    target: 0.45,
    floorName: READ_FILE,
    ask: ({ tenantId }) => fetchContent(tenantId, 'content'),
    floor: () => ({ path: '/file', ofFiles: true }),
  },
  {
    name: 'get-16kib-bearer',
    target: 0.45,
    floorName: READ_FILE,
    ask: () => ({ path: '/v1/sources/[id]/content' }),
    floor: () => ({ path: '/file', ofFiles: true }),
  },
  {
    name: 'get-16kib-link',
    target: 0.45,
    floorName: READ_FILE,
    ask: () => ({ path: '[id]', ofLinks: true, headers: {} }),
    floor: () => ({ path: '/file', ofFiles: true }),
  },
  {
    name: 'metadata',
    target: 0.6,
    floorName: `${FASTIFY}, one prepared query`,
    ask: () => ({ path: '/v1/sources/[id]' }),
    floor: () => ({ path: '/issue-read?id=[id]', isNew: true }),
  },
  {
    name: 'list-100',
    target: 0.43,
    floorName: 'Fastify, one JSON of 100 rows made by PostgreSQL',
    ask: () => ({ path: '/v1/sources?limit=100' }),
    floor: () => ({ path: '/list' }),
  },
  {
    name: 'links-batch',
    unit: 'links/s',
    target: 3,
    floorName: `${FASTIFY}: one URL each`,
    times: LINKS_IN_BATCH,
    ask: ({ batch }) => ({ method: 'POST', path: '/v1/links/batch', body: batch }),
    floor: () => ({ path: '/issue?id=[id]' }),
  },
];

export const rows = REQUESTS.map((request) => ({
  name: request.name,
  unit: request.unit ?? 'requests/s',
  target: request.target,
  floorName: request.floorName,
  measure: async (bench) => compare(bench, await bench.shared(stage), request),
}));

function fetchContent(tenantId, mode) {
  const body = JSON.stringify({ tenant_id: tenantId, source_id: '[id]', id: '[id]', mode });
  return { method: 'POST', path: '/fetch/fetch-source-content', body };
}

/** A gateway with small files and a million rows, and the bare server beside it on the same PostgreSQL. */
async function stage(bench) {
  const gateway = await startGateway(bench);
  const { tenantId, token } = await gateway.makeTenant();
  const { sources, links } = await smallFiles(gateway, token, KNOWN);
  const news = await fill(gateway, tenantId, MILLION);
  const bare = await startBare(bench, 'bare-requests.mjs', {
    core: SERVER_CORE,
    env: { BARE_DATABASE_URL: await gateway.ownerUrl('postgres') },
  });
  pin(SERVER_CORE, gateway.pid);
  await pinPostgres(CLIENT_CORE, gateway);
  const batch = JSON.stringify({ source_ids: news.slice(0, LINKS_IN_BATCH), expires_in: 3600 });
  const files = {
    known: await idsFile(bench, sources),
    links: await idsFile(bench, links),
    news: await idsFile(bench, news),
  };
  return { gateway, bare, tenantId, token, batch, files };
}

async function compare(bench, stage, request) {
  const { gateway, bare } = stage;
  const ours = jobOf(stage, request, request.ask(stage), gateway);
  const theirs = jobOf(stage, request, request.floor(stage), bare);
  for (const job of [ours, theirs]) await runLoad({ ...job, seconds: WARM_UP_SECONDS }, CLIENT_CORE);
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
    value: of(({ perSecond }) => perSecond) * (request.times ?? 1),
    floor: of(({ floor }) => floor),
    p50Ms: of(({ p50Ms }) => p50Ms),
    p99Ms: of(({ p99Ms }) => p99Ms),
    cpuUs: of(({ cpu }) => cpu),
    rssMib: await peakMib(gateway.pid),
  };
}

function jobOf({ files, token }, { isNew = false }, wish, server) {
  const { method = 'GET', path, body, ofLinks = false, ofFiles = false } = wish;
  const type = body === undefined ? {} : { 'content-type': 'application/json' };
  return {
    url: ofFiles ? server.fileUrl : server.url,
    method,
    path,
    body,
    headers: wish.headers ?? { authorization: `Bearer ${token}`, ...type },
    ids: ofLinks ? files.links : isNew || wish.isNew === true ? files.news : files.known,
    connections: 32,
    seconds: SECONDS,
  };
}
