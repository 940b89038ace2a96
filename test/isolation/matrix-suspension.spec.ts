import { beforeAll, describe, expect, it, jest } from '@jest/globals';

import { freshId, makeTenant, makeToken, type TestTenant } from '../support/api.js';
import { call } from '../support/matrix-calls.js';
import { describeAnswer, readMatrix, type MatrixRow } from '../support/matrix-table.js';
import { makeSubTenant, makeTarget, MARK } from '../support/matrix-targets.js';
import type { MatrixCaller } from '../support/matrix-world.js';
import { sharedGateway } from '../support/shared-gateway.js';

const { root } = sharedGateway();
const matrix = readMatrix();

/** Every call that asks for a token, in every case of it. */
const ROWS = matrix.rows.filter(({ cells }) => cells.get('anonymous') === '401 missing');

/** Calls that the platform too must name a tenant for: those act inside of it. */
const INSIDE = ROWS.filter(({ cells }) => /unnamed|organization/.test(cells.get('platform at large') ?? ''));

const LACKING = 'This needs a token with sources:read.';

// One test asks for everything.
jest.setTimeout(60_000);

let tenant: TestTenant;

beforeAll(async () => {
  tenant = await makeTenant(root);
});

/** What some calls answer, by their names. */
async function askAll(
  rows: readonly MatrixRow[],
  caller: MatrixCaller,
  cell: string,
): Promise<Record<string, string>> {
  const answered: Record<string, string> = {};
  for (const row of rows) {
    const answer = await call({ links: {} }, row, caller, caller.target);
    if (answer.text.includes(MARK)) throw new Error(`${row.name} shows ${MARK}.`);
    answered[row.name] = describeAnswer(matrix, row, cell, answer);
  }
  return answered;
}

describe('AN-04: suspension', () => {
  it('of a tenant refuses every call of every role, and every call in it of the platform’s', async () => {
    const off = await makeTenant(root);
    const place = await makeTarget(root, off.id, 'default');
    await root.post(`/v1/tenants/${off.id}/suspend`);
    const at = { target: place, subTenant: 'default', fetchTenant: off.id };
    for (const role of ['admin', 'editor', 'viewer', 'uploader'] as const) {
      const answered = await askAll(ROWS, { api: off[role], ...at }, '403 suspended');
      for (const [name, answer] of Object.entries(answered)) {
        // Who lacks the scope as well may be told that first.
        const expected = [
          '403 suspended',
          '403 insufficient_scope',
          `403 FORBIDDEN: ${LACKING}`,
          `403 ${LACKING}`,
        ];
        expect([role, name, expected.includes(answer)]).toEqual([role, name, true]);
      }
    }
    expect(INSIDE.length).toBeGreaterThan(15);
    const answered = await askAll(INSIDE, { api: root, ...at, tenant: off.id }, '403 suspended');
    expect(answered).toEqual(Object.fromEntries(INSIDE.map(({ name }) => [name, '403 suspended'])));
  });

  it('of all its sub-tenants stops a narrowed administrator, who cannot lift it', async () => {
    const [a, b] = [
      await makeSubTenant(root, tenant.id, freshId('a')),
      await makeSubTenant(root, tenant.id, freshId('b')),
    ];
    const path = `/v1/tenants/${tenant.id}/sub-tenants`;
    const narrowed = await makeToken(root, tenant.id, { role: 'admin', sub_tenant_ids: [a, b] });
    expect((await tenant.admin.post(`${path}/${a}/suspend`)).status).toBe(200);
    expect((await narrowed.get('/v1/sources', { headers: { 'x-sub-tenant-id': a } })).status).toBe(403);
    expect((await narrowed.get('/v1/sources', { headers: { 'x-sub-tenant-id': b } })).status).toBe(200);
    expect((await narrowed.get(path)).status).toBe(200);
    expect((await tenant.admin.post(`${path}/${b}/suspend`)).status).toBe(200);
    for (const answer of [
      await narrowed.post(`${path}/${a}/resume`),
      await narrowed.get('/v1/me'),
      await narrowed.post(`/v1/tenants/${tenant.id}/tokens`, { name: 'x', role: 'viewer' }),
      await narrowed.get(path),
    ])
      expect(answer).toMatchObject({ status: 403, json: { code: 'tenant_suspended' } });
    expect((await tenant.admin.post(`${path}/${a}/resume`)).status).toBe(200);
    expect((await narrowed.get(path)).status).toBe(200);
  });
});
