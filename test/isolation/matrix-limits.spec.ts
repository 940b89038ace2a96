import { beforeAll, describe, expect, it, jest } from '@jest/globals';

import { makeTenant, makeToken, type Api, type TestTenant } from '../support/api.js';
import { countRows } from '../support/gateway-inside.js';
import { call } from '../support/matrix-calls.js';
import { describeAnswer, readMatrix, type MatrixRow } from '../support/matrix-table.js';
import { makeTarget, MARK, type Target } from '../support/matrix-targets.js';
import { sharedGateway } from '../support/shared-gateway.js';
import { asOwner } from '../support/test-database.js';
import { lookAgain } from '../support/look-again.js';

const { root, dataDir } = sharedGateway();
const matrix = readMatrix();

/** Every call that asks for a token, in every case of it. */
const ROWS = matrix.rows.filter(({ cells }) => cells.get('anonymous') === '401 missing');

// One test asks for everything.
jest.setTimeout(60_000);

let tenant: TestTenant;
let target: Target;

beforeAll(async () => {
  tenant = await makeTenant(root);
  target = await makeTarget(root, tenant.id, 'default');
});

/** Each of some calls answers a token as it should, and shows nothing that is marked. */
async function expectCells(
  api: Api,
  rows: readonly MatrixRow[],
  expected: (row: MatrixRow) => string,
): Promise<void> {
  const caller = { api, target, subTenant: target.subTenantId, fetchTenant: tenant.id };
  const answered: Record<string, string> = {};
  for (const row of rows) {
    const answer = await call({ links: {} }, row, caller, target);
    if (answer.text.includes(MARK)) throw new Error(`${row.name} shows ${MARK}.`);
    answered[row.name] = describeAnswer(matrix, row, expected(row), answer);
  }
  expect(answered).toEqual(Object.fromEntries(rows.map((row) => [row.name, expected(row)])));
}

/** A token whose row says what no call would let it say. */
async function tamperedToken(
  role: string,
  column: 'scopes' | 'sub_tenant_ids' | 'ip_ranges',
  value: string[],
) {
  const api = await makeToken(root, tenant.id, { role });
  const id = (await api.get('/v1/me')).json.token_id as string;
  await asOwner(`UPDATE tokens SET ${column} = $2 WHERE token_id = $1`, [id, value]);
  await lookAgain(root);
  return api;
}

describe('AZ-20: an empty rule', () => {
  const isOpenToAll = (row: MatrixRow): boolean => row.path === '/v1/me';

  it('of scopes grants nothing but to learn who one is', async () => {
    const api = await tamperedToken('admin', 'scopes', []);
    await expectCells(api, ROWS, (row) => (isOpenToAll(row) ? '200' : '403 scope'));
    expect((await api.get('/v1/me')).json.scopes).toEqual([]);
  });

  it('of sub-tenants reaches none, and not the tenant either', async () => {
    const api = await tamperedToken('admin', 'sub_tenant_ids', []);
    const cellOf = (row: MatrixRow): string =>
      row.cells.get('tenant off') === '403 scope' ? '403 scope' : '403 suspended';
    await expectCells(api, ROWS, cellOf);
  });

  it('of addresses lets no address in', async () => {
    const api = await tamperedToken('admin', 'ip_ranges', []);
    await expectCells(api, ROWS, () => '401 invalid');
  });

  it('cannot be asked for, in whatever form: 422, and no token is made', async () => {
    const before = await countRows(dataDir, 'tokens', tenant.id);
    for (const field of ['scopes', 'sub_tenant_ids', 'ip_ranges']) {
      for (const value of [[], '', '*', [''], ['*'], [null], [[]], {}, false, 0]) {
        const wish = { name: 'x', role: 'admin', [field]: value };
        const answer = await tenant.admin.post(`/v1/tenants/${tenant.id}/tokens`, wish);
        expect([field, value, answer.status]).toEqual([field, value, 422]);
      }
    }
    expect(await countRows(dataDir, 'tokens', tenant.id)).toBe(before);
  });
});

describe('AZ-20: scopes beyond the role', () => {
  it('grant nothing, should a row ever hold them', async () => {
    const { scopes } = (await root.get('/v1/me')).json as { scopes: string[] };
    const api = await tamperedToken('uploader', 'scopes', scopes);
    const refused = ROWS.filter(({ cells }) => cells.get('uploader')?.startsWith('4') === true);
    expect(refused.length).toBeGreaterThan(30);
    await expectCells(api, refused, ({ cells }) => cells.get('uploader') ?? '');
    expect((await api.get('/v1/me')).json.scopes).toEqual(['sources:create']);
  });
});
