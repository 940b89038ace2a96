/**
 * What the log costs: a gateway at the default level against the same process while it logs nothing, asked for one source as
 * JSON. The log goes where it goes in production, into a pipe that somebody reads; this process reads it, and throws it away.
 */
import { CLIENT_CORE, pin, SERVER_CORE } from '../support/cores.mjs';
import { startGateway } from '../support/gateway.mjs';
import { Load } from '../support/request-load.mjs';
import { inTurn } from '../support/request-rounds.mjs';
import { idsFile, pinPostgres, smallFiles } from '../support/request-stage.mjs';

const SOURCES = 64;
const CONNECTIONS = 32;
/** A few percent are to be seen, of figures that differ by more from one second to the next. */
const ROUNDS_LONGER = 3;
const SWITCH = new URL('../support/switched-log.mjs', import.meta.url).href;

export const rows = [
  {
    name: 'logging',
    unit: 'requests/s',
    target: 0.9,
    floorName: 'the same gateway while it logs nothing',
    about: [
      'one source as JSON, each request logged at the default level into a pipe that is read',
      'the same process, which logs nothing meanwhile',
    ],
    measure,
  },
];

async function measure(bench) {
  const gateway = await startGateway(bench, { NODE_OPTIONS: `--import ${SWITCH}` });
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
  };
  let isLogging = true;
  const whileLogging = (wanted) => ({
    load: new Load(job, CLIENT_CORE),
    begin: () => {
      if (wanted !== isLogging) process.kill(gateway.pid, 'SIGUSR2');
      isLogging = wanted;
    },
    end: () => undefined,
  });
  const pace = { ...bench.pace, seconds: bench.pace.seconds * ROUNDS_LONGER };
  return inTurn(
    { pace, say: (line) => bench.say(line) },
    { pid: gateway.pid, ours: whileLogging(true), theirs: whileLogging(false) },
  );
}
