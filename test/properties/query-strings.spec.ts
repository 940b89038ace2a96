import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';

import { expectStatus, type Json } from '../support/api.js';
import { PropertyGateway } from '../support/property-gateway.js';
import type { Reply } from '../support/raw-http.js';

// A bound on hanging, not on speed: the machine may be busy with other suites.
jest.setTimeout(120_000);

const DOCUMENT: Json = JSON.parse(
  readFileSync(fileURLToPath(new URL('../../openapi.json', import.meta.url)), 'utf8'),
);
/** Path and name of every documented parameter of a query, of the operations that only read. */
const PARAMETERS = Object.entries(DOCUMENT.paths as Record<string, Json>).flatMap(([path, methods]) =>
  ((methods.get?.parameters ?? []) as { name: string; in: string }[])
    .filter((parameter) => parameter.in === 'query')
    .map(({ name }): [string, string] => [path, name]),
);

let gateway: PropertyGateway;

beforeAll(async () => {
  gateway = await PropertyGateway.start();
  for (const name of ['a%b', 'a_b', 'a\\b', 'axb'])
    expectStatus(await gateway.tenant.editor.upload('x', 'x', 'text/plain', { name }), 201);
  expectStatus(await gateway.tenant.editor.put('doc', 'Hello.'), 201);
});

afterAll(async () => gateway.dispose());

async function get(path: string, query: string): Promise<Reply> {
  const { tenant, root } = gateway;
  const token = path === '/v1/tenants' ? root.token : tenant.admin.token;
  const target = path.replace('{tenant_id}', tenant.id).replace('{source_id}', 'doc');
  return await gateway.ask({ path: `${target}?${query}`, token });
}

/**
 * The same of what is refused before all of it has arrived. The connection may end while the rest is still on its way, and the
 * answer be lost with that (RFC 9112 §9.6): then it is asked for again.
 */
async function getHuge(path: string, query: string, attempts = 5): Promise<Reply> {
  try {
    return await get(path, query);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? '';
    if (attempts === 1 || !['EPIPE', 'ECONNRESET'].includes(code)) throw error;
    return await getHuge(path, query, attempts - 1);
  }
}

describe('a query', () => {
  it.each([
    ['200,000 brackets', 'a[]=&'.repeat(200_000)],
    ['200,000 commas', `limit=${','.repeat(200_000)}`],
    ['2,000 levels', `limit${'[a]'.repeat(2000)}=1`],
    ['10,000 keys', Array.from({ length: 10_000 }, (_one, index) => `k${index}=1`).join('&')],
    ['1 MB', `name_prefix=${'x'.repeat(1_000_000)}`],
  ])('of %s is refused for its size or its fields (IV-11)', async (_what, query) => {
    for (const [path] of PARAMETERS.slice(0, 4))
      expect([400, 414, 422, 431]).toContain((await getHuge(path, query)).status);
  });

  it.each([
    '__proto__[a]=1',
    '__proto__=1',
    'constructor[prototype][a]=1',
    'limit[]=1',
    'limit=1&limit=2',
    'limit[x]=1',
    'order_by=name',
    'sort=CASE%20WHEN%201=1%20THEN%20name%20END',
    'sort=name;--',
    'sort=id,(select%20version())',
    'filter=1%20OR%201=1',
  ])(
    'of the list of sources takes what is documented, once: %s is refused (IV-01, IV-03, IV-07)',
    async (query) => {
      const reply = await get('/v1/sources', query);
      expect(reply.status).toBe(422);
      expect(reply.text).not.toMatch(/SELECT |syntax error|column /);
    },
  );

  it.each([
    '-1',
    '-0',
    '0',
    '1.5',
    '1e1',
    '0x10',
    '101',
    '1e21',
    '9007199254740993',
    '٣',
    'NaN',
    '',
    '%2010',
    '+5',
  ])('has a limit of plain digits from 1 to 100: %p is none (IV-09)', async (limit) => {
    expect((await get('/v1/sources', `limit=${encodeURI(limit).replace('%25', '%')}`)).status).toBe(422);
  });

  it.each([
    ['a%', ['a%b']],
    ['a_', ['a_b']],
    ['a\\', ['a\\b']],
    ['%', []],
    ['_', []],
    ["a' OR '1'='1", []],
    ['%_'.repeat(500), []],
  ])('looks for %p literally (IV-07, IV-08)', async (prefix, names) => {
    const reply = await get('/v1/sources', `name_prefix=${encodeURIComponent(prefix)}`);
    expect([reply.status, (reply.json.data as { name: string }[]).map(({ name }) => name)]).toEqual([
      200,
      names,
    ]);
  });

  it.each(PARAMETERS)('to %s meets no 5xx and no hang, whatever %s is', async (path, name) => {
    const value = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 60 }).map((text) => encodeURIComponent(text.toWellFormed())),
      fc.constantFrom(
        '%00',
        '%ff',
        '%c3%28',
        '%ed%a0%80',
        '%',
        '%zz',
        "'",
        '%27--',
        '[]',
        '{}',
        '%5Bobject%5D',
      ),
    );
    await fc.assert(
      fc.asyncProperty(value, async (text) => {
        const reply = await get(path, `${name}=${text}`);
        expect([200, 400, 404, 422]).toContain(reply.status);
        expect(reply.text).not.toMatch(/node_modules|syntax error|\.js:\d/);
      }),
      // The beginning of actions: an export of several lines.
      { numRuns: 25, examples: [['a']] },
    );
  });

  it('of many kinds left an unharmed gateway', async () => {
    await expect(gateway.expectUnharmed()).resolves.toBeUndefined();
  });
});
