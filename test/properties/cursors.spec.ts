import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import fc from 'fast-check';

import { makeTenant } from '../support/api.js';
import { fillLists, LISTS, readLists, type List, type Lists } from '../support/properties-lists.js';
import { anyText, percentEncoded } from '../support/properties-text.js';
import { PropertyGateway } from '../support/property-gateway.js';
import type { Reply } from '../support/raw-http.js';

jest.setTimeout(120_000);

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
const ROWS = 5;
const AT_ONCE = 8;

let at: PropertyGateway;
let own: Lists;
let foreign: Lists;

beforeAll(async () => {
  at = await PropertyGateway.start();
  const other = await makeTenant(at.root);
  for (let more = 0; more < ROWS; more += 1) await makeTenant(at.root);
  for (const tenant of [at.tenant, other]) await fillLists(tenant, ROWS);
  own = await readLists(at, at.tenant);
  foreign = await readLists(at, other);
});
afterEach(() => at.expectUnharmed());
afterAll(() => at.dispose());

const page = ({ path, token }: List, cursor: string): Promise<Reply> =>
  at.ask({ path: `${path}?limit=3&cursor=${cursor}`, token });

/** 400, or a stretch of the caller's own rows in their order: nothing skipped, nothing twice, nothing of others. */
async function expectOwnOrRefused(list: List, cursor: string): Promise<number> {
  const reply = await page(list, cursor);
  if (reply.status === 200) {
    const ids = reply.json.data.map((row: Record<string, string>) => row[list.key]) as string[];
    const start = ids.length === 0 ? 0 : list.all.indexOf(ids[0] ?? '');
    expect(start).toBeGreaterThanOrEqual(0);
    expect(ids).toEqual(list.all.slice(start, start + ids.length));
    expect(ids.length).toBe(ids.length === 0 ? 0 : Math.min(3, list.all.length - start));
  } else expect([reply.status, reply.json.code]).toEqual([400, 'malformed_request']);
  return reply.status;
}

async function statusesOf(list: List, cursors: readonly string[]): Promise<Set<number>> {
  const statuses = new Set<number>();
  for (let start = 0; start < cursors.length; start += AT_ONCE) {
    const some = cursors.slice(start, start + AT_ONCE);
    for (const status of await Promise.all(some.map((cursor) => expectOwnOrRefused(list, cursor))))
      statuses.add(status);
  }
  return statuses;
}

const encoded = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');

describe('AZ-09, IV-10: a cursor', () => {
  it.each(LISTS)(
    'of %s shows own rows or is refused, whichever of its characters is changed',
    async (name) => {
      const list = own[name];
      expect(await expectOwnOrRefused(list, list.cursor)).toBe(200);
      const changed = [...list.cursor].flatMap((character, index) =>
        [1 << (index % 6), 1 << ((index + 3) % 6)]
          .map((bit) => ALPHABET[ALPHABET.indexOf(character) ^ bit] ?? '')
          .concat(index % 8 === 0 ? ['%0A', '%20', '='] : [])
          .map((other) => list.cursor.slice(0, index) + other + list.cursor.slice(index + 1)),
      );
      expect(await statusesOf(list, changed)).toContain(400);
    },
  );

  it.each(LISTS)('of %s shows own rows or is refused when it is cut at either end', async (name) => {
    const list = own[name];
    const ends = Array.from({ length: list.cursor.length - 1 }, (_one, index) => index + 1);
    const cut = ends.map((end) => (end % 2 === 0 ? list.cursor.slice(0, end) : list.cursor.slice(end)));
    expect(await statusesOf(list, cut)).toContain(400);
  });

  it('of any list, one’s own or another tenant’s, shows own rows or is refused in every other list', async () => {
    for (const name of LISTS) {
      const others = LISTS.flatMap((other) => [own[other].cursor, foreign[other].cursor]);
      expect(await statusesOf(own[name], others)).toContain(200);
      expect(await statusesOf(foreign[name], others)).toContain(200);
    }
  });

  it('that somebody made up shows own rows or is refused', async () => {
    const moment = fc.date({ noInvalidDate: false }).map((date) => {
      const isValid = !Number.isNaN(date.getTime());
      return isValid ? date.toISOString() : 'Invalid Date';
    });
    const part = fc.oneof(
      moment,
      fc.uuid(),
      anyText(),
      fc.constantFrom('', '~', '\uffff', 'infinity', 'epoch', 'now'),
    );
    const positions = fc.array(fc.oneof(part, part, part, fc.jsonValue()), { maxLength: 3 });
    const cursors = fc.oneof(
      positions.map(encoded),
      fc.tuple(moment, fc.uuid()).map(encoded),
      fc.jsonValue().map(encoded),
      fc.uint8Array({ minLength: 1, maxLength: 80 }).map((bytes) => Buffer.from(bytes).toString('base64url')),
    );
    await fc.assert(
      fc.asyncProperty(
        cursors.filter((text) => text.length <= 4096),
        fc.constantFrom(...LISTS),
        async (cursor, name) => {
          await expectOwnOrRefused(own[name], cursor);
        },
      ),
      { numRuns: 120 },
    );
  });

  it('is text of 1 to 4,096 characters without NUL', async () => {
    for (const cursor of ['', 'A'.repeat(4097), `${own.sources.cursor}%00`])
      expect((await page(own.sources, cursor)).status).toBe(422);
    expect((await page(own.sources, 'A'.repeat(4096))).status).toBe(400);
  });
});

describe('IV-04: a query', () => {
  it('that is no percent-encoded UTF-8 answers 400 on every list, after the token has been looked at', async () => {
    for (const name of LISTS)
      for (const wrong of ['%', '%zz', 'a%FF', '%C3%28', '%ED%A0%80', '%C0%AF', '%u0041']) {
        const { path, token } = own[name];
        const reply = await at.ask({ path: `${path}?cursor=${wrong}`, token });
        expect([wrong, reply.status, reply.json.code]).toEqual([wrong, 400, 'malformed_request']);
        expect((await at.ask({ path: `${path}?cursor=${wrong}` })).status).toBe(401);
      }
  });
});

describe('IV-09, IV-10: a limit', () => {
  it('is 1 to 100 in digits, and nothing else is read as a number', async () => {
    const known = [
      '0',
      '-0',
      '-1',
      '+1',
      '1001',
      '101',
      '1000000000',
      '1e3',
      '1e1',
      '0x10',
      '٣',
      '１',
      '1.5',
      '1.0',
      'NaN',
    ];
    const more = [
      'Infinity',
      '',
      ' ',
      ' 5',
      '5 ',
      '5,',
      '1_0',
      '0b1',
      '9007199254740993',
      '1e400',
      'null',
      '٣٣',
      '1\u0000',
    ];
    const limits = fc.oneof(
      { weight: 4, arbitrary: fc.constantFrom(...known, ...more) },
      { weight: 3, arbitrary: fc.integer({ min: -20, max: 130 }).map(String) },
      { weight: 1, arbitrary: fc.bigInt({ min: -(2n ** 70n), max: 2n ** 70n }).map(String) },
      { weight: 1, arbitrary: fc.double().map(String) },
      { weight: 1, arbitrary: fc.nat(120).map((number) => `00${number}`) },
      { weight: 1, arbitrary: anyText().filter((text) => text.isWellFormed()) },
    );
    await fc.assert(
      fc.asyncProperty(limits, fc.constantFrom(...LISTS), async (limit, name) => {
        const { path, token, all } = own[name];
        const reply = await at.ask({ path: `${path}?limit=${percentEncoded(limit)}`, token });
        const isGood = /^[0-9]{1,15}$/.test(limit) && Number(limit) >= 1 && Number(limit) <= 100;
        expect([limit, reply.status]).toEqual([limit, isGood ? 200 : 422]);
        if (!isGood)
          expect(reply.json.errors).toEqual([expect.objectContaining({ field: 'limit', code: 'invalid' })]);
        else {
          expect(reply.json.pagination.limit).toBe(Number(limit));
          expect(reply.json.data).toHaveLength(Math.min(Number(limit), all.length));
        }
      }),
      { numRuns: 150 },
    );
  });
});
