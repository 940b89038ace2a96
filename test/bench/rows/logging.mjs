/**
 * What the log costs: a gateway at the default level against one that logs nothing, both asked for one source as JSON. The
 * log goes where it goes in production, into a pipe that somebody reads; this process reads it, and throws it away.
 */
import { CLIENT_CORE, pin, SERVER_CORE } from '../support/cores.mjs';
import { startGateway } from '../support/gateway.mjs';
import { freePorts } from '../support/ports.mjs';
import { idsFile, pinPostgres, smallFiles } from '../support/request-stage.mjs';
import { inTurn } from '../support/request-rounds.mjs';

const SOURCES = 64;
const CONNECTIONS = 32;

export const rows = [
  {
    name: 'logging',
    unit: 'requests/s',
    target: 0.9,
    floorName: 'the same gateway with GATEHOLD_LOG_LEVEL=silent',
    about: [
      'one source as JSON, each request logged at the default level into a pipe that is read',
      'the same gateway, which logs nothing',
    ],
    measure,
  },
];

async function measure(bench) {
  const [ours, theirs] = [await side(bench, 'info'), await side(bench, 'silent')];
  return inTurn(bench, { pid: ours.pid, ours: ours.job, theirs: theirs.job });
}

/** A gateway with files of its own, and what it is asked. */
async function side(bench, level) {
  // One that logs nothing cannot say where it listens.
  const [port] = await freePorts(1);
  const gateway = await startGateway(bench, { GATEHOLD_LOG_LEVEL: level, PORT: String(port) });
  const { token } = await gateway.makeTenant();
  const { sources } = await smallFiles(gateway, token, SOURCES);
  pin(SERVER_CORE, gateway.pid);
  await pinPostgres(CLIENT_CORE, gateway);
  const job = {
    url: gateway.url,
    method: 'GET',
    path: '/v1/sources/[id]',
    headers: { authorization: `Bearer ${token}` },
    ids: await idsFile(bench, sources),
    connections: CONNECTIONS,
    seconds: bench.pace.seconds,
  };
  return { pid: gateway.pid, job };
}
