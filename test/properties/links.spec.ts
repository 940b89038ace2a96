import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import fc from 'fast-check';

import { freshId, makeTenant, type TestTenant } from '../support/api.js';
import { storeAndLink, type LinkPaths } from '../support/properties-links.js';
import { PropertyGateway } from '../support/property-gateway.js';
import type { Reply } from '../support/raw-http.js';

jest.setTimeout(120_000);

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
/** How each tenant's file begins: an answer that opened the wrong one would show it. */
const SECRETS = ['the bytes of the first tenant', 'the bytes of the second tenant'] as const;
const AT_ONCE = 8;

let at: PropertyGateway;
/** The texts of the links to each tenant's one file. */
let first: LinkPaths;
let second: LinkPaths;

beforeAll(async () => {
  at = await PropertyGateway.start();
  first = await linksOf(at.tenant, SECRETS[0]);
  second = await linksOf(await makeTenant(at.root), SECRETS[1]);
});
afterEach(() => at.expectUnharmed());
afterAll(() => at.dispose());

async function linksOf(tenant: TestTenant, content: string): Promise<LinkPaths> {
  const { managed, fetched, downloaded } = await storeAndLink(tenant, freshId('linked'), content);
  const text = (path: string): string => path.slice('/l/'.length);
  return { managed: text(managed), fetched: text(fetched), downloaded: text(downloaded) };
}

const open = (text: string, method = 'GET'): Promise<Reply> => at.ask({ method, path: `/l/${text}` });

/** Refused as a link (403) or, where the text makes it another path, as one (400, 404); and nobody's bytes show. */
async function expectShut(text: string, statuses: readonly number[] = [403]): Promise<void> {
  const reply = await open(text);
  expect({ text, opened: !statuses.includes(reply.status), status: reply.status }).toMatchObject({
    opened: false,
  });
  expect(reply.headers['content-type']).toBe('application/problem+json; charset=utf-8');
  for (const secret of SECRETS) expect(reply.text).not.toContain(secret);
}

async function expectAllShut(texts: readonly string[]): Promise<void> {
  for (let start = 0; start < texts.length; start += AT_ONCE)
    await Promise.all(texts.slice(start, start + AT_ONCE).map((text) => expectShut(text)));
}

const replaced = (text: string, index: number, other: string): string =>
  text.slice(0, index) + other + text.slice(index + 1);

describe('a link opens its own file', () => {
  it('to GET and HEAD, with any query, and with its characters written as percent-escapes, which are the same ones', async () => {
    for (const [links, secret] of [
      [first, SECRETS[0]],
      [second, SECRETS[1]],
    ] as const)
      for (const text of Object.values(links) as string[]) {
        const escaped = [...text].map((one) => `%${one.charCodeAt(0).toString(16)}`).join('');
        for (const spelling of [text, `${text}?x=%FF`, escaped, `${escaped.slice(0, 3)}${text.slice(1)}`]) {
          const got = await open(spelling);
          expect([got.status, got.text]).toEqual([200, secret]);
          expect((await open(spelling, 'HEAD')).status).toBe(200);
        }
      }
  });
});

describe('PS-03, PS-04: a link that was changed opens nothing', () => {
  it.each(['managed', 'fetched', 'downloaded'] as const)(
    'at any one of the characters of a %s link, to any other of the alphabet, the last one’s spare bits included',
    async (kind) => {
      const text = first[kind];
      const changed = [...text].flatMap((character, index) =>
        [...ALPHABET].filter((other) => other !== character).map((other) => replaced(text, index, other)),
      );
      expect(changed).toHaveLength(text.length * (ALPHABET.length - 1));
      await expectAllShut(changed);
    },
  );

  it('at any character, to one that no link has', async () => {
    const foreign = [
      '+',
      '%2F',
      '=',
      '.',
      '~',
      '%20',
      '%41%42',
      '%C3%A9',
      '%00',
      '',
      '%EF%BC%A1',
      ',',
      ';',
      '*',
      '%0A',
    ];
    const text = first.managed;
    await expectAllShut(
      [...text].map((_one, index) => replaced(text, index, foreign[index % foreign.length] ?? '')),
    );
    for (const wrong of ['%C3%28', '%ED%A0%80', '%FF', '%', '%zz'])
      await expectShut(text + wrong, [400, 404]);
  });

  it('by cutting it at any length, from either end or out of the middle', async () => {
    const text = first.fetched;
    const lengths = Array.from({ length: text.length - 1 }, (_one, index) => index + 1);
    await expectAllShut([
      ...lengths.map((length) => text.slice(0, length)),
      ...lengths.map((length) => text.slice(length)),
    ]);
    const edges = fc.tuple(fc.nat(text.length - 2), fc.integer({ min: 1, max: text.length - 2 }));
    await fc.assert(
      fc.asyncProperty(edges, ([start, size]) => expectShut(text.slice(0, start) + text.slice(start + size))),
      { numRuns: 25 },
    );
  });

  it('by adding to it anywhere, by turning it round, by writing it twice', async () => {
    const text = first.managed;
    const extra = fc.string({
      unit: fc.constantFrom(...ALPHABET, '=', '.', '+'),
      minLength: 1,
      maxLength: 40,
    });
    await fc.assert(
      fc.asyncProperty(extra, fc.nat(text.length), (more, index) =>
        expectShut(text.slice(0, index) + more + text.slice(index)),
      ),
      { numRuns: 40 },
    );
    await expectAllShut([[...text].reverse().join(''), text + text, text.toLowerCase(), text.toUpperCase()]);
    await expectAllShut(['=', '==', '%3D', '%00', '%20', '%0A', '%09'].map((end) => text + end));
  });

  it('by anything at all in its place', async () => {
    const shape = fc.string({ unit: fc.constantFrom(...ALPHABET), minLength: 128, maxLength: 128 });
    const other = fc.webPath().map((path) => encodeURIComponent(path) || '%20');
    await fc.assert(
      fc.asyncProperty(fc.oneof(shape, other), (text) => expectShut(text)),
      { numRuns: 60 },
    );
  });
});

describe('PS-03: links of two tenants', () => {
  it('put together character by character or byte by byte open neither’s file', async () => {
    const pairs = fc.constantFrom<[string, string]>(
      [first.managed, second.managed],
      [first.fetched, second.fetched],
      [first.managed, first.fetched],
      [second.downloaded, first.managed],
    );
    const masks = fc.oneof(
      fc.array(fc.boolean(), { minLength: 128, maxLength: 128 }),
      fc
        .tuple(fc.nat(127), fc.nat(127))
        .map(([a, b]) =>
          Array.from({ length: 128 }, (_one, i) => i >= Math.min(a, b) && i <= Math.max(a, b)),
        ),
    );
    await fc.assert(
      fc.asyncProperty(pairs, masks, async ([one, other], mask) => {
        const mixed = [...one]
          .map((character, index) => (mask[index] === true ? character : other[index]))
          .join('');
        if (mixed === one || mixed === other) return;
        await expectShut(mixed);
      }),
      { numRuns: 150 },
    );
  });

  it('with the claims of one under the signature of the other are refused, field by field too', async () => {
    const [one, other] = [first.managed, second.managed].map((text) => Buffer.from(text, 'base64url')) as [
      Buffer,
      Buffer,
    ];
    // key 2..4, tenant 4..16, source 16..32, incarnation 32..38, issued and end 38..48, reference 48..64, signature 64..96
    const bounds = [0, 2, 4, 16, 32, 38, 43, 48, 64, 96];
    const fields = bounds.slice(0, -1).map((start, index) => [start, bounds[index + 1] ?? 96] as const);
    const texts = Array.from({ length: 2 ** fields.length }, (_none, choice) => {
      const bytes = Buffer.from(one);
      fields.forEach(([start, end], index) => {
        if ((choice >> index) & 1) other.copy(bytes, start, start, end);
      });
      return bytes.toString('base64url');
    });
    const forged = [...new Set(texts)].filter((text) => text !== first.managed && text !== second.managed);
    expect(forged.length).toBeGreaterThanOrEqual(30);
    await expectAllShut(forged);
  });
});
