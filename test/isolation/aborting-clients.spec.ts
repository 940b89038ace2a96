import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { randomInt } from 'node:crypto';
import { connect } from 'node:net';

import { Api, makeTenant, type TestTenant } from '../support/api.js';
import { eventually } from '../support/eventually.js';
import { GatewayProcess } from '../support/gateway-process.js';
import { connectAsOwner } from '../support/owner-connection.js';
import { head } from '../support/raw-http.js';
import { seeded } from '../support/seeded.js';

jest.setTimeout(120_000);

const ROUNDS = 400;
const CALLERS = 8;

let gateway: GatewayProcess;
let parties: TestTenant[];

beforeAll(async () => {
  gateway = await GatewayProcess.start({ env: { DATABASE_POOL_SIZE: '1' } });
  const root = new Api(gateway.url, gateway.rootToken);
  parties = [await makeTenant(root), await makeTenant(root)];
  for (const { editor, id } of parties) await editor.put('same', `bytes of ${id}`);
});

afterAll(() => gateway.dispose());

/** Sends a whole request and leaves, with a reset, as soon as it is on its way. */
async function sendAndLeave(request: string): Promise<void> {
  const { hostname, port } = new URL(gateway.url);
  await new Promise<void>((resolve, reject) => {
    const socket = connect(Number(port), hostname, () =>
      socket.write(request, () => socket.resetAndDestroy()),
    );
    socket.once('error', reject);
    socket.once('close', () => resolve());
  });
}

/** Requests that a client does not wait for the answer of; some change something. */
function abandoned({ editor, admin, id }: TestTenant): string[] {
  const json = ['Content-Type: application/json', 'Content-Length: 17'];
  return [
    head('GET', '/v1/sources/same', editor.token, []),
    head('GET', '/v1/sources', editor.token, []),
    head('GET', `/v1/tenants/${id}/tokens`, admin.token, []),
    `${head('PATCH', '/v1/sources/same', editor.token, json)}{"name":"of us"} `,
    `${head('PUT', '/v1/sources/other/content', editor.token, ['Content-Length: 9'])}cut`,
  ];
}

describe('AZ-11: a gateway with one connection to its database', () => {
  it('gives nobody another tenant’s rows while clients leave in the middle of their requests', async () => {
    const seed = randomInt(2 ** 32);
    const random = seeded(seed);
    const pick = <T>(from: readonly T[]): T => from[Math.floor(random() * from.length)] as T;
    let round = 0;
    const caller = async (): Promise<void> => {
      while (round++ < ROUNDS) {
        const party = pick(parties);
        if (random() < 0.5) await sendAndLeave(pick(abandoned(party)));
        else {
          const [list, content] = [
            await party.viewer.get('/v1/sources'),
            await party.viewer.get('/v1/sources/same/content'),
          ];
          const owners = (list.json.data as { tenant_id: string }[]).map((source) => source.tenant_id);
          expect([seed, new Set(owners)]).toEqual([seed, new Set([party.id])]);
          expect([seed, content.text]).toEqual([seed, `bytes of ${party.id}`]);
        }
      }
    };
    await Promise.all(Array.from({ length: CALLERS }, caller));
  });

  it('DB-03: is left with an idle connection, in no transaction', async () => {
    // An answer means that whatever the clients left behind has let go of the one connection.
    for (const { viewer } of parties) expect((await viewer.get('/v1/sources')).status).toBe(200);
    const owner = await connectAsOwner(gateway.dataDir);
    try {
      // Work in the background may be in one for a moment.
      await eventually('no transaction is open', async () => {
        const { rowCount } = await owner.query(
          "SELECT FROM pg_stat_activity WHERE usename = 'gatehold_runtime' AND state LIKE '%transaction%'",
        );
        return rowCount === 0;
      });
      const { rows } = await owner.query(
        "SELECT FROM pg_stat_activity WHERE usename = 'gatehold_runtime' AND application_name = 'gatehold'",
      );
      expect(rows).toHaveLength(1);
    } finally {
      await owner.end();
    }
  });
});
