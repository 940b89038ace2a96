import { beforeAll, describe, expect, it, jest } from '@jest/globals';

import { expectStatus, makeTenant, type TestTenant } from '../support/api.js';
import { sharedGateway } from '../support/shared-gateway.js';

// A bound on hanging, not on speed: the machine may be busy with other suites.
jest.setTimeout(60_000);

const { root } = sharedGateway();

let tenant: TestTenant;

beforeAll(async () => {
  tenant = await makeTenant(root);
});

const ODD = 'a "quoted" \\ name\u2028 of \u{1f4c4} and \u00e4\u0308.txt';
const METADATA = {
  text: 'line\nbreak \u0001 "quoted" \u{1f600}',
  numbers: [0, -1.5, 1e21, 12345678901234567000],
  nested: { empty: {}, list: [], none: null, yes: true },
  'odd key "\\': 'x',
};

interface Told {
  readonly source_id: string;
  readonly name: string;
  readonly status: string;
  readonly metadata: unknown;
}

/** What is told of each source by itself. */
function oneByOne(ids: readonly string[]): Promise<Told[]> {
  return Promise.all(ids.map(async (id) => (await tenant.viewer.get(`/v1/sources/${id}`)).json as Told));
}

describe('GET /v1/sources', () => {
  it('tells of each source exactly what GET tells of it, whatever is in it', async () => {
    const fields = { name: ODD, source_id: 'odd "id" \u00fc', metadata: JSON.stringify(METADATA) };
    expectStatus(await tenant.editor.upload('odd', 'odd.txt', 'text/plain', fields), 201);
    expectStatus(await tenant.editor.put('empty', ''), 201);
    expectStatus(await tenant.editor.put('replaced', 'one'), 201);
    expectStatus(await tenant.editor.put('replaced', 'another'), 200);
    expectStatus(await tenant.editor.patch('/v1/sources/replaced', { name: 'renamed' }), 200);
    const pending = { name: 'pending', content_type: 'text/plain' };
    expectStatus(await tenant.editor.post('/v1/uploads', pending), 201);
    const answer = await tenant.viewer.get('/v1/sources');
    expectStatus(answer, 200);
    expect(answer.headers.get('content-type')).toBe('application/json; charset=utf-8');
    expect(answer.json.pagination).toEqual({ limit: 20, next_cursor: null });
    const listed = answer.json.data as Told[];
    expect(listed).toHaveLength(4);
    const told = await oneByOne(listed.map(({ source_id: id }) => id));
    expect(listed).toEqual(told);
    expect(listed.map((one) => Object.keys(one))).toEqual(told.map((one) => Object.keys(one)));
    expect(listed.map(({ status }) => status).sort()).toEqual([
      'available',
      'available',
      'available',
      'pending',
    ]);
    expect(listed.find(({ name }) => name === ODD)?.metadata).toEqual(METADATA);
  });

  it('tells of none as of an empty page', async () => {
    const answer = await tenant.viewer.get('/v1/sources?external_id=nobody');
    expect(answer.json).toEqual({ data: [], pagination: { limit: 20, next_cursor: null } });
  });
});
