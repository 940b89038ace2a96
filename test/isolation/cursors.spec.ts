import { beforeAll, describe, expect, it, jest } from '@jest/globals';

import { expectStatus, makeTenant, type Answer, type Api, type TestTenant } from '../support/api.js';
import { sharedGateway } from '../support/shared-gateway.js';

jest.setTimeout(60_000);

const { root } = sharedGateway();
const LISTS = ['sources', 'links', 'tokens', 'sub-tenants', 'tenants'] as const;
type List = (typeof LISTS)[number];

/** Which lists read a cursor of which: those that are ordered by the same kind of key. */
const READ_BY: Readonly<Record<List, readonly List[]>> = {
  sources: ['sources', 'links'],
  links: ['sources', 'links'],
  // An id of a token is a text as well.
  tokens: ['tokens', 'sub-tenants', 'tenants'],
  'sub-tenants': ['sub-tenants', 'tenants'],
  tenants: ['sub-tenants', 'tenants'],
};
const KEY: Readonly<Record<List, string>> = {
  sources: 'source_id',
  links: 'link_id',
  tokens: 'token_id',
  'sub-tenants': 'sub_tenant_id',
  tenants: 'tenant_id',
};

interface Party {
  readonly tenant: TestTenant;
  /** Ids of everything it may see, by list. */
  readonly ids: ReadonlyMap<List, ReadonlySet<string>>;
}

let own: Party;
let other: Party;

beforeAll(async () => {
  [own, other] = await Promise.all([makeParty(), makeParty()]);
});

/** A tenant with at least three of everything. */
async function makeParty(): Promise<Party> {
  const tenant = await makeTenant(root);
  for (const id of ['1', '2', '3']) {
    expectStatus(await tenant.editor.put(id, id), 201);
    expectStatus(await tenant.editor.post(`/v1/sources/${id}/links`, {}), 201);
    const body = { sub_tenant_id: `sub-${id}` };
    expectStatus(await tenant.admin.post(`/v1/tenants/${tenant.id}/sub-tenants`, body), 201);
  }
  const ids = new Map<List, Set<string>>();
  for (const list of LISTS.slice(0, -1))
    ids.set(list, new Set(keysOf(list, await page(tenant, list, 'limit=100'))));
  return { tenant, ids };
}

/** A page of one of the lists; that of all tenants is the platform's. */
function page(tenant: TestTenant, list: List, query: string): Promise<Answer> {
  const paths: Record<List, [Api, string]> = {
    sources: [tenant.viewer, '/v1/sources'],
    links: [tenant.editor, '/v1/links'],
    tokens: [tenant.admin, `/v1/tenants/${tenant.id}/tokens`],
    'sub-tenants': [tenant.admin, `/v1/tenants/${tenant.id}/sub-tenants`],
    tenants: [root, '/v1/tenants'],
  };
  const [caller, path] = paths[list];
  return caller.get(`${path}?${query}`);
}

function keysOf(list: List, answer: Answer): string[] {
  return (answer.json.data as Record<string, string>[]).map((row) => row[KEY[list]] ?? '');
}

/** The cursor behind the first row of a list. */
async function cursorOf(tenant: TestTenant, list: List): Promise<string> {
  const cursor = (await page(tenant, list, 'limit=1')).json.pagination.next_cursor as unknown;
  expect([list, typeof cursor]).toEqual([list, 'string']);
  return cursor as string;
}

function expectRefused(answer: Answer): void {
  expect(answer.status).toBe(400);
  expect(answer.json).toMatchObject({ code: 'malformed_request' });
}

/** Either a refusal, or a page with nothing on it but what the party may see anyway. */
function expectOwnOrRefused(party: Party, list: List, answer: Answer, what: string): void {
  expect([what, [200, 400]]).toEqual([what, expect.arrayContaining([answer.status])]);
  if (answer.status === 400) expectRefused(answer);
  else if (list !== 'tenants') {
    const foreign = keysOf(list, answer).filter((id) => party.ids.get(list)?.has(id) !== true);
    expect([what, foreign]).toEqual([what, []]);
  }
}

describe('AZ-09: a cursor', () => {
  it.each(LISTS.slice(0, -1))('of %s leads through exactly the caller’s own, each once', async (list) => {
    const seen: string[] = [];
    let cursor: string | null = null;
    do {
      const query: string = cursor === null ? 'limit=1' : `limit=1&cursor=${cursor}`;
      const answer: Answer = await page(own.tenant, list, query);
      expectStatus(answer, 200);
      seen.push(...keysOf(list, answer));
      cursor = answer.json.pagination.next_cursor as string | null;
    } while (cursor !== null);
    expect(seen.length).toBeGreaterThanOrEqual(3);
    expect(seen).toHaveLength(own.ids.get(list)?.size ?? -1);
    expect(new Set(seen)).toEqual(own.ids.get(list));
  });

  it.each(LISTS)('of %s is refused when it is cut, wherever', async (list) => {
    const cursor = await cursorOf(own.tenant, list);
    for (let length = 1; length < cursor.length; length += 1)
      expectRefused(await page(own.tenant, list, `limit=1&cursor=${cursor.slice(0, length)}`));
  });

  it.each(LISTS)('of %s with any character changed is refused or shows own rows only', async (list) => {
    const cursor = await cursorOf(own.tenant, list);
    for (let index = 0; index < cursor.length; index += 1)
      for (const character of ['A', '_', '=', '%C3%A9']) {
        const changed = cursor.slice(0, index) + character + cursor.slice(index + 1);
        const answer = await page(own.tenant, list, `cursor=${changed}`);
        expectOwnOrRefused(own, list, answer, `${index} ${character}`);
      }
  });

  it.each(LISTS.slice(0, -1))('of %s shows another tenant that one’s own rows only', async (list) => {
    const cursor = await cursorOf(own.tenant, list);
    const answer = await page(other.tenant, list, `cursor=${cursor}`);
    expectStatus(answer, 200);
    expectOwnOrRefused(other, list, answer, list);
    expect(answer.text).not.toContain(own.tenant.id);
  });

  describe.each(LISTS)('of %s', (from) => {
    it.each(LISTS)('in the list of %s is read or refused by the kind of key, never mistaken', async (to) => {
      const cursor = await cursorOf(own.tenant, from);
      for (const party of [own, other]) {
        const answer = await page(party.tenant, to, `cursor=${cursor}`);
        expect(answer.status).toBe(READ_BY[from].includes(to) ? 200 : 400);
        expectOwnOrRefused(party, to, answer, `${from} in ${to}`);
      }
    });
  });

  it.each([
    ['another tenant’s id in the key', (id: string) => [id]],
    ['SQL in the key', () => ["' OR tenant_id <> '"]],
    ['a tenant beside the key', (id: string) => ['2100-01-01T00:00:00.000Z', id, id]],
    ['an object', (id: string) => ({ tenant_id: id })],
    ['a key in a key', (id: string) => [[id]]],
    ['a wildcard', () => ['%']],
    ['nothing', () => []],
  ])('made by hand with %s shows own rows only', async (_, position) => {
    const cursor = Buffer.from(JSON.stringify(position(other.tenant.id))).toString('base64url');
    for (const list of LISTS)
      expectOwnOrRefused(own, list, await page(own.tenant, list, `cursor=${cursor}`), list);
  });

  it('with a NUL in it is refused, as every text is', async () => {
    for (const list of LISTS) {
      const cursor = await cursorOf(own.tenant, list);
      expect([list, (await page(own.tenant, list, `cursor=${cursor}%00`)).status]).toEqual([list, 422]);
    }
  });

  it('sent twice is refused', async () => {
    for (const list of LISTS) {
      const cursor = await cursorOf(own.tenant, list);
      const answer = await page(own.tenant, list, `cursor=${cursor}&cursor=${cursor}`);
      expect([list, answer.status]).toEqual([list, 422]);
    }
  });
});
