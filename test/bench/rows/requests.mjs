/**
 * What requests cost that are small: one kind of request after the other, each by 32 connections, to the gateway and to the
 * least server that answers the like. Both have one core to themselves where a core can be chosen, and their client and
 * PostgreSQL have the other.
 */
import { profilable, profileOf } from '../profile/profile.mjs';
import { startBare } from '../support/bare-server.mjs';
import { CLIENT_CORE, pin, SERVER_CORE } from '../support/cores.mjs';
import { startGateway } from '../support/gateway.mjs';
import { fill, idsFile, pinPostgres, smallFiles } from '../support/request-stage.mjs';
import { inTurn, stoppedBetween } from '../support/request-rounds.mjs';

const CONNECTIONS = 32;
/** Of small objects a gateway is to do with this much, whatever is asked of it. */
const MOST_RSS_MIB = 200;
const FASTIFY = 'Fastify, one SHA-256 and one HMAC-SHA256';
const READ_FILE = 'node:http and fs.readFile';
const LINKS_IN_BATCH = 1_000;

/**
 * `ask`: what is asked of the gateway; `floor`: what of the bare server. Both are given the stage. `warmUps`: the first row has
 * a process that is new, which has its code compiled while it answers, on the one core that it has, for a dozen seconds; the
 * bare server has less of it, and is through sooner.
 */
const REQUESTS = [
  {
    name: 'issue-url-get',
    target: 0.65,
    floorName: FASTIFY,
    about: [
      `download URLs of sources seen before, by the compatible GET, ${CONNECTIONS} connections`,
      'Fastify, one SHA-256 and one HMAC-SHA256, an answer of the same size and with the same header fields',
    ],
    quick: true,
    warmUps: 4,
    ask: () => ({ path: '/knowledge-base/sources/[id]/download' }),
    floor: () => ({ path: '/issue?id=[id]' }),
  },
  {
    name: 'issue-url-post',
    target: 0.65,
    floorName: FASTIFY,
    about: ['the same by the compatible POST', 'the same'],
    quick: true,
    ask: ({ tenantId }) => fetchContent(tenantId, 'url'),
    floor: ({ tenantId }) => ({ ...fetchContent(tenantId, 'url'), path: '/issue' }),
  },
  {
    name: 'issue-url-get-new',
    target: 0.6,
    floorName: `${FASTIFY}, one prepared query`,
    isNew: true,
    about: [
      'as `issue-url-get`, each of a source that nobody has asked for yet',
      'the same and one prepared query',
    ],
    ask: () => ({ path: '/knowledge-base/sources/[id]/download' }),
    floor: () => ({ path: '/issue-read?id=[id]' }),
  },
  {
    name: 'issue-url-post-new',
    target: 0.6,
    floorName: `${FASTIFY}, one prepared query`,
    isNew: true,
    about: ['as `issue-url-post`, each of a source that nobody has asked for yet', 'the same'],
    ask: ({ tenantId }) => fetchContent(tenantId, 'url'),
    floor: ({ tenantId }) => ({ ...fetchContent(tenantId, 'url'), path: '/issue-read' }),
  },
  {
    name: 'fetch-16kib',
    target: 0.45,
    floorName: READ_FILE,
    about: ['16 KiB in JSON', '`fs.readFile` and nothing else'],
    ask: ({ tenantId }) => fetchContent(tenantId, 'content'),
    floor: () => ({ path: '/file', ofFiles: true }),
  },
  {
    name: 'get-16kib-bearer',
    target: 0.45,
    floorName: READ_FILE,
    about: ['16 KiB by bearer', 'the same'],
    quick: true,
    ask: () => ({ path: '/v1/sources/[id]/content' }),
    floor: () => ({ path: '/file', ofFiles: true }),
  },
  {
    name: 'get-16kib-link',
    target: 0.45,
    floorName: READ_FILE,
    about: ['16 KiB through a link', 'the same'],
    ask: () => ({ path: '[id]', ofLinks: true, headers: {} }),
    floor: () => ({ path: '/file', ofFiles: true }),
  },
  {
    name: 'metadata',
    target: 0.6,
    floorName: `${FASTIFY}, one prepared query`,
    about: ['one source as JSON', 'as for `issue-url-get-new`'],
    quick: true,
    ask: () => ({ path: '/v1/sources/[id]' }),
    floor: () => ({ path: '/issue-read?id=[id]', isNew: true }),
  },
  {
    name: 'list-100',
    target: 0.43,
    floorName: 'Fastify, one JSON of 100 rows made by PostgreSQL',
    turnSeconds: 4,
    about: ['a hundred sources of all there are', 'one JSON that PostgreSQL has made'],
    ask: () => ({ path: '/v1/sources?limit=100' }),
    floor: () => ({ path: '/list' }),
  },
  {
    name: 'links-batch',
    unit: 'links/s',
    target: 3,
    floorName: `${FASTIFY}: one URL each`,
    times: LINKS_IN_BATCH,
    turnSeconds: 4,
    about: [
      `URLs in batches of ${LINKS_IN_BATCH.toLocaleString('en')}`,
      'requests for one URL each, as for `issue-url-get`',
    ],
    quick: true,
    ask: ({ batch }) => ({ method: 'POST', path: '/v1/links/batch', body: batch }),
    floor: () => ({ path: '/issue?id=[id]' }),
  },
];

export const rows = REQUESTS.map((request) => ({
  name: request.name,
  unit: request.unit ?? 'requests/s',
  target: request.target,
  floorName: request.floorName,
  about: request.about,
  mostRssMib: MOST_RSS_MIB,
  quick: request.quick,
  measure: async (bench) => compare(bench, await bench.shared(stage), request),
  profile: async (bench) => profile(await bench.shared(profiledStage), request),
}));

function fetchContent(tenantId, mode) {
  const body = JSON.stringify({ tenant_id: tenantId, source_id: '[id]', id: '[id]', mode });
  return { method: 'POST', path: '/fetch/fetch-source-content', body };
}

/** A gateway with small files and many rows. */
async function gatewaySide(bench, env) {
  const gateway = await startGateway(bench, env);
  const { tenantId, token } = await gateway.makeTenant();
  const { sources, links } = await smallFiles(gateway, token, bench.pace.files);
  const news = await fill(gateway, tenantId, bench.pace.sources);
  pin(SERVER_CORE, gateway.pid);
  await pinPostgres(CLIENT_CORE, gateway);
  const batch = JSON.stringify({ source_ids: news.slice(0, LINKS_IN_BATCH), expires_in: 3600 });
  const files = {
    known: await idsFile(bench, sources),
    links: await idsFile(bench, links),
    news: await idsFile(bench, news),
  };
  return { gateway, tenantId, token, batch, files };
}

/** The same, and the bare server beside it on the same PostgreSQL. */
async function stage(bench) {
  const side = await gatewaySide(bench);
  const bare = await startBare(bench, 'bare-requests.mjs', {
    core: SERVER_CORE,
    env: { BARE_DATABASE_URL: await side.gateway.ownerUrl('postgres') },
  });
  return { ...side, bare };
}

async function profiledStage(bench) {
  const { env, path } = await profilable(bench);
  return { ...(await gatewaySide(bench, env)), path };
}

async function profile(stage, request) {
  const job = jobOf(stage, request, request.ask(stage), stage.gateway);
  return profileOf({ pid: stage.gateway.pid, path: stage.path, job });
}

async function compare(bench, stage, request) {
  const { gateway, bare } = stage;
  const measured = await inTurn(bench, {
    pid: gateway.pid,
    ours: stoppedBetween(jobOf(stage, request, request.ask(stage), gateway), gateway.pid),
    theirs: stoppedBetween(jobOf(stage, request, request.floor(stage), bare), bare.pid),
    turnSeconds: request.turnSeconds,
    warmUps: request.warmUps,
  });
  return { ...measured, value: measured.value * (request.times ?? 1) };
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
    connections: CONNECTIONS,
  };
}
