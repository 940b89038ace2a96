import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';

import { Api, expectStatus, freshId, makeTenant, type TestTenant } from '../support/api.js';
import { GatewayProcess } from '../support/gateway-process.js';
import { eventually } from '../support/eventually.js';
import { asOwner } from '../support/owner-connection.js';

jest.setTimeout(120_000);

const SOURCES = 3_000;

let gateway: GatewayProcess;
let tenant: TestTenant;

/** The database is never told what is in its tables, as it is not in the first seconds of a new one. */
beforeAll(async () => {
  gateway = await GatewayProcess.start();
  await asOwner(gateway.dataDir, (owner) =>
    owner.query('ALTER TABLE sources SET (autovacuum_enabled = false)'),
  );
  tenant = await makeTenant(new Api(gateway.url, gateway.rootToken));
  await asOwner(gateway.dataDir, (owner) => owner.query(FILL, [tenant.id, SOURCES]));
});

afterAll(() => gateway.dispose());

const FILL = `
INSERT INTO sources (tenant_id, source_id, sub_tenant_id, external_id, name, status, content_type)
SELECT $1, gen_random_uuid(), default_sub_tenant_id, 'filling-' || n, 'filling', 'pending', 'text/plain'
FROM tenants, generate_series(1, $2::integer) n WHERE tenant_id = $1`;

/**
 * How many entries of the indexes of sources have been read. Sessions tell when they end, and so they do that first: one that
 * is just writing down what was read, too, once it is done.
 */
async function entriesRead(index: string): Promise<number> {
  return await asOwner(gateway.dataDir, async (owner) => {
    const { rows: present } = await owner.query<{ pids: number[] }>(
      "SELECT coalesce(array_agg(pid), '{}') AS pids FROM pg_stat_activity WHERE application_name = 'gatehold'",
    );
    await eventually('the sessions have told', async () => {
      await owner.query(
        "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE pid = ANY ($1) AND state = 'idle'",
        [present[0]?.pids],
      );
      const { rowCount } = await owner.query('SELECT FROM pg_stat_activity WHERE pid = ANY ($1)', [
        present[0]?.pids,
      ]);
      return rowCount === 0;
    });
    const { rows } = await owner.query<{ read: string }>(
      "SELECT sum(idx_tup_read) AS read FROM pg_stat_user_indexes WHERE relname = 'sources' AND indexrelname LIKE $1",
      [index],
    );
    return Number(rows[0]?.read);
  });
}

async function readBy(call: () => Promise<void>, index = '%'): Promise<number> {
  const before = await entriesRead(index);
  await call();
  return (await entriesRead(index)) - before;
}

describe('a table that the database knows nothing of', () => {
  it('is looked into by the key of a source, however many there are, when one is made, read and replaced', async () => {
    const { editor } = tenant;
    const one = freshId('one');
    await editor.put(one, 'first');
    const { source_id: id } = (await editor.get(`/v1/sources/${one}`)).json as { source_id: string };
    expect(
      await readBy(async () => {
        expectStatus(await editor.put(crypto.randomUUID(), 'content'), 201);
        expectStatus(await editor.put(freshId('doc'), 'content'), 201);
        expectStatus(await editor.put(id, 'again'), 200);
        expectStatus(await editor.get(`/v1/sources/${id}`), 200);
        expectStatus(await editor.get(`/v1/sources/${one}/content`), 200);
      }),
    ).toBeLessThan(100);
  });

  it('is listed by the order of its newest', async () => {
    const list = async (): Promise<void> => {
      expectStatus(await tenant.editor.get('/v1/sources?limit=5'), 200);
    };
    expect(await readBy(list, 'sources_newest')).toBeGreaterThan(0);
    expect(await readBy(list)).toBeLessThan(100);
  });
});
