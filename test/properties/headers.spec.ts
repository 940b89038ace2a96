import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import fc from 'fast-check';

import { expectStatus, freshId } from '../support/api.js';
import { digestField } from '../support/gateway-inside.js';
import { askRaw, fieldOf, fieldValues, OUTCOMES, type RawReply } from '../support/properties-headers.js';
import { rangeOutcome } from '../support/properties-ranges.js';
import { PropertyGateway } from '../support/property-gateway.js';

jest.setTimeout(120_000);

const CONTENT = 'the bytes that any header leaves as they are';
let at: PropertyGateway;
let path: string;
let etag: string;

beforeAll(async () => {
  at = await PropertyGateway.start();
  path = `/v1/sources/${freshId('headed')}/content`;
  const put = await at.tenant.editor.request('PUT', path, { body: CONTENT });
  expectStatus(put, 201);
  etag = (await at.ask({ method: 'HEAD', path, token: at.tenant.viewer.token })).headers['etag'] ?? '';
});
afterEach(() => at.expectUnharmed());
afterAll(() => at.dispose());

const get = (lines: readonly string[], token = at.tenant.viewer.token): Promise<RawReply> =>
  askRaw(at, { method: 'GET', path, token, lines });

/** Whatever was asked: a request id of the documented form, once, nothing but text in the fields, and honest bytes. */
function expectSound(reply: RawReply): void {
  expect(fieldOf(reply, 'x-request-id')).toMatch(/^[A-Za-z0-9._-]{8,64}$/);
  for (const [, value] of reply.fields) expect(value).toMatch(/^[ -~]*$/);
  expect(fieldOf(reply, 'content-length') ?? '0').toBe(String(reply.body.length));
  if (reply.status === 200) expect(reply.body.toString()).toBe(CONTENT);
  if (reply.status === 304) expect(reply.body).toHaveLength(0);
  if (reply.status === 206) {
    const [, first, last] = /^bytes (\d+)-(\d+)\/44$/.exec(fieldOf(reply, 'content-range') ?? '') ?? [];
    expect(reply.body.toString()).toBe(CONTENT.slice(Number(first), Number(last) + 1));
  }
  if (reply.status >= 400) {
    expect(fieldOf(reply, 'content-type')).toBe('application/problem+json; charset=utf-8');
    expect(JSON.parse(reply.body.toString())).toMatchObject({
      status: reply.status,
      code: expect.any(String),
    });
    expect(reply.body.toString()).not.toContain(CONTENT);
  }
}

describe('IV-04: a header of any value', () => {
  it.each(OUTCOMES)('%s: leads to the content or to a documented refusal', async (name, outcomes) => {
    await fc.assert(
      fc.asyncProperty(fc.array(fieldValues(), { minLength: 1, maxLength: 3 }), async (values) => {
        const lines = values.map((value) => `${name}: ${value}`);
        const reply = await get(lines);
        // Several long ones may come to more than 16 KiB together.
        const known = [200, ...outcomes, ...(lines.join('').length > 15_000 ? [431] : [])];
        expect({ values, status: reply.status, known: known.includes(reply.status) }).toMatchObject({
          known: true,
        });
        expectSound(reply);
      }),
      { numRuns: 25 },
    );
  });

  it('together with any others is decided by each as by itself', async () => {
    const lines = fc.array(
      fc.tuple(
        fc.constantFrom(...OUTCOMES.map(([name]) => name)),
        fieldValues().filter((value) => value.length < 500),
      ),
      { minLength: 2, maxLength: 8 },
    );
    await fc.assert(
      fc.asyncProperty(lines, async (fields) => {
        const reply = await get(fields.map(([name, value]) => `${name}: ${value}`));
        expect([200, 206, 304, 400, 403, 404, 412, 416]).toContain(reply.status);
        expectSound(reply);
      }),
      { numRuns: 60 },
    );
  });

  it('with a control character in it is refused with 400, and with more than 16 KiB with 431', async () => {
    const controls = fc.constantFrom('\0', '\x01', '\x0b', '\x1b[31m', '\x7f');
    await fc.assert(
      fc.asyncProperty(
        controls,
        fc.constantFrom(...OUTCOMES.map(([name]) => name)),
        async (control, name) => {
          const reply = await get([`${name}: a${control}b`]);
          expect([name, control, reply.status]).toEqual([name, control, 400]);
          expectSound(reply);
        },
      ),
      { numRuns: 30 },
    );
    const long = await get([`Accept: ${'a'.repeat(17_000)}`]);
    expect(long.status).toBe(431);
    expectSound(long);
  });

  it('AN-02: Authorization of any value but the token’s own answers 401, also beside the good one', async () => {
    const { token } = at.tenant.viewer;
    await fc.assert(
      fc.asyncProperty(fieldValues(), fc.constantFrom(null, token), async (value, beside) => {
        const prefixed = [`Authorization: ${value}`, `Authorization: Bearer ${value}`];
        for (const line of prefixed) {
          const reply = await get([line], beside);
          expect([line, reply.status]).toEqual([line, 401]);
          expect(fieldOf(reply, 'www-authenticate')).toMatch(/^Bearer\b/);
          expectSound(reply);
        }
      }),
      { numRuns: 40 },
    );
  });

  it('Expect of any value but 100-continue answers 417', async () => {
    const values = fc.oneof(fieldValues(), fc.constantFrom('100-continue', '100-Continue'));
    await fc.assert(
      fc.asyncProperty(values, async (value) => {
        const { status } = await get([`Expect: ${value}`]);
        const isKnown = value.toLowerCase() === '100-continue';
        expect([value, status]).toEqual([value, isKnown ? 200 : 417]);
      }),
      { numRuns: 30 },
    );
  });

  it('X-Request-Id comes back exactly when it is 8 to 64 letters, digits, dots, dashes or underscores', async () => {
    const allowed = fc.string({ unit: fc.constantFrom(...'aZ09._-'), minLength: 1, maxLength: 70 });
    await fc.assert(
      fc.asyncProperty(fc.oneof(allowed, fieldValues()), async (value) => {
        const given = fieldOf(await get([`X-Request-Id: ${value}`]), 'x-request-id');
        expect(given === value).toBe(/^[A-Za-z0-9._-]{8,64}$/.test(value));
      }),
      { numRuns: 60 },
    );
  });

  it('Range is read by the same rules whatever its bytes are (DL-06)', async () => {
    await fc.assert(
      fc.asyncProperty(fieldValues(), async (value) => {
        for (const field of [value, `bytes=${value}`])
          expect((await get([`Range: ${field}`])).status).toBe(rangeOutcome(field, CONTENT.length).status);
      }),
      { numRuns: 60 },
    );
  });
});

describe('DL-08: If-None-Match', () => {
  it('is a list that matches by opaque tag, weak or not, and beats If-Modified-Since', async () => {
    const opaque = fc.constantFrom('"a"', '"a,b"', '""', '"W/"', '"*"', '"\xe9"', 'CURRENT');
    const tag = fc.tuple(fc.constantFrom('', 'W/'), opaque).map((pair) => pair.join(''));
    const lists = fc.tuple(
      fc.array(tag, { minLength: 1, maxLength: 5 }),
      fc.constantFrom(',', ', ', ' ,\t', ',,'),
    );
    await fc.assert(
      fc.asyncProperty(lists, fc.boolean(), async ([tags, separator], isDated) => {
        const value = tags.join(separator).replaceAll('CURRENT', etag);
        const dated = isDated ? [`If-Modified-Since: ${new Date(Date.now() + 60_000).toUTCString()}`] : [];
        const reply = await get([`If-None-Match: ${value}`, ...dated]);
        expect([value, reply.status]).toEqual([value, value.includes(etag) ? 304 : 200]);
        expectSound(reply);
      }),
      { numRuns: 60 },
    );
  });
});

describe('UP-08, DL-05: a PUT with fields of any value', () => {
  const put = (target: string, lines: readonly string[]): Promise<RawReply> =>
    askRaw(at, {
      method: 'PUT',
      path: target,
      token: at.tenant.editor.token,
      lines: [...lines, `Content-Length: ${CONTENT.length}`],
      body: CONTENT,
    });

  it('Content-Type: is stored in a form that no answer can be broken with', async () => {
    await fc.assert(
      fc.asyncProperty(fieldValues(), async (value) => {
        const target = `/v1/sources/${freshId('typed')}/content`;
        const made = await put(target, [`Content-Type: ${value}`]);
        expect(made.status).toBe(201);
        const read = await at.ask({ path: target, token: at.tenant.viewer.token });
        expect([read.status, read.text]).toEqual([200, CONTENT]);
        expect(read.headers['content-type']).toMatch(
          /^[a-z0-9][\w!#$&^.+-]*\/[a-z0-9][\w!#$&^.+-]*(?:; [ -~]+)*$/,
        );
        expect(JSON.parse(made.body.toString()).content_type).toBe(read.headers['content-type']);
      }),
      { numRuns: 25 },
    );
  });

  it.each(['Content-Digest', 'Repr-Digest'])('%s: stores the right bytes or nothing', async (name) => {
    const good = digestField(CONTENT);
    const values = fc.oneof(
      fieldValues(),
      fc.constantFrom(good, `${good}, sha-512=:AAAA:`, `md5=:AAAA:`, good.replace(':', '')),
      fc.nat(good.length - 1).map((index) => `${good.slice(0, index)}A${good.slice(index + 1)}`),
    );
    await fc.assert(
      fc.asyncProperty(values, async (value) => {
        const target = `/v1/sources/${freshId('digested')}/content`;
        const { status } = await put(target, [`${name}: ${value}`]);
        expect([201, 400, 422]).toContain(status);
        if (value === good) expect(status).toBe(201);
        const read = await at.ask({ path: target, token: at.tenant.viewer.token });
        if (status === 201) expect([read.status, read.text]).toEqual([200, CONTENT]);
        else expect(read.status).toBe(404);
      }),
      { numRuns: 25 },
    );
  });
});
