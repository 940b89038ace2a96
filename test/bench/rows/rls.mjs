/**
 * What row-level security costs a lookup: BEGIN, the tenant, the query and COMMIT in one round trip as the runtime role,
 * against the query alone as a role that row-level security does not hold for. Both are sent to the same PostgreSQL by this
 * process, over as many connections, and ask the same prepared query for the same rows.
 *
 * The target is modest, for this is to be known rather than won: a lookup is four statements instead of one for client and
 * server, which nothing can be saved of as long as a pooled connection must not keep a tenant. It would fall below half if
 * they went one by one, each a round trip, or if the policy kept the query from its index.
 */
import pg from 'pg';

import { RUNTIME_ROLE } from '#database';
import { SOURCE_COLUMNS } from '../../../dist/libs/source/source.js';
import { startGateway } from '../support/gateway.mjs';
import { fill } from '../support/request-stage.mjs';
import { interleave } from '../support/rounds.mjs';

const CONNECTIONS = 8;
const ASKERS = 32;

export const rows = [
  {
    name: 'rls',
    unit: 'lookups/s',
    target: 0.5,
    floorName: 'the same prepared query without row-level security',
    about: [
      `lookups of a source as the gateway makes them: BEGIN, the tenant, the query, COMMIT in one round trip, ${CONNECTIONS} connections`,
      'the query alone, by a role that row-level security does not hold for',
    ],
    measure,
  },
];

async function measure(bench) {
  const gateway = await startGateway(bench);
  const { tenantId } = await gateway.makeTenant();
  const ids = await fill(gateway, tenantId, bench.pace.sources);
  const url = await gateway.ownerUrl('gatehold');
  const [on, off] = [pool(bench, url, `-c role=${RUNTIME_ROLE}`), pool(bench, url, '')];
  const { rows: found } = await off.query('SELECT sub_tenant_id AS id FROM sources LIMIT 1');
  const lookup = (id) => ({ ...LOOKUP, values: [tenantId, found[0].id, [id]] });
  const contestants = {
    value: () => asked(bench, on, ids, (client, id) => scoped(client, tenantId, lookup(id))),
    floor: () => asked(bench, off, ids, (client, id) => client.query(lookup(id))),
  };
  for (const warmUp of Object.values(contestants)) await warmUp();
  return interleave(contestants, { rounds: bench.pace.rounds });
}

function pool(bench, connectionString, options) {
  const made = new pg.Pool({ connectionString, options, max: CONNECTIONS, pipeline: true });
  bench.atEnd(() => made.end());
  return made;
}

/** As the gateway does it: sent in one piece, and awaited as a whole. */
async function scoped(client, tenantId, lookup) {
  const { stream } = client.connection;
  stream.cork();
  const answers = [BEGIN, { ...SET_TENANT, values: [tenantId] }, lookup, COMMIT].map((one) =>
    client.query(one),
  );
  stream.uncork();
  return (await Promise.all(answers))[2];
}

/** Lookups per second by askers who each wait for their answer; every one has to find its row. */
async function asked({ pace }, connections, ids, ask) {
  const began = performance.now();
  const endMs = began + pace.seconds * 1_000;
  let turn = 0;
  let found = 0;
  const asker = async () => {
    while (performance.now() < endMs) {
      const client = await connections.connect();
      try {
        const { rows: answer } = await ask(client, ids[turn++ % ids.length]);
        found += answer.length;
      } finally {
        client.release();
      }
    }
  };
  await Promise.all(Array.from({ length: ASKERS }, asker));
  if (found !== turn) throw new Error(`${turn} lookups found ${found} sources.`);
  return (found * 1_000) / (performance.now() - began);
}

const BEGIN = { name: 'begin', text: 'BEGIN' };
const COMMIT = { name: 'commit', text: 'COMMIT' };
const SET_TENANT = { name: 'set-tenant', text: "SELECT set_config('gatehold.tenant_id', $1, true)" };
const LOOKUP = {
  name: 'sources-by-id',
  text: `SELECT ${SOURCE_COLUMNS} FROM sources s
WHERE s.tenant_id = $1 AND s.sub_tenant_id = $2 AND s.source_id = ANY ($3::uuid[])`,
};
