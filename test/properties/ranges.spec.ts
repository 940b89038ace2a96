import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import fc from 'fast-check';

import { expectStatus, freshId } from '../support/api.js';
import { digestField, pattern } from '../support/gateway-inside.js';
import { rangeFields, rangeOutcome } from '../support/properties-ranges.js';
import { PropertyGateway } from '../support/property-gateway.js';
import type { Reply } from '../support/raw-http.js';

jest.setTimeout(120_000);

const SIZES = [0, 1, 10, 5 * 1024 * 1024 + 1];

/** One stored content and the two ways to it. */
interface Stored {
  readonly id: string;
  readonly bytes: Buffer;
  readonly digest: string;
  readonly etag: string;
  readonly modified: string;
  readonly places: readonly { readonly path: string; readonly token: string | null }[];
}

let at: PropertyGateway;
const stored = new Map<number, Stored>();

beforeAll(async () => {
  at = await PropertyGateway.start();
  for (const size of SIZES) stored.set(size, await store(pattern(size)));
});
afterEach(() => at.expectUnharmed());
afterAll(() => at.dispose());

async function store(bytes: Buffer): Promise<Stored> {
  const id = freshId('ranged');
  const { editor, viewer } = at.tenant;
  expectStatus(await editor.put(id, bytes), 201);
  const link = await editor.post(`/v1/sources/${id}/links`, {});
  expectStatus(link, 201);
  const content = { path: `/v1/sources/${id}/content`, token: viewer.token };
  const head = await at.ask({ ...content, method: 'HEAD' });
  const places = [content, { path: new URL(link.json.url as string).pathname, token: null }];
  return {
    id,
    bytes,
    digest: digestField(bytes),
    etag: head.headers['etag'] ?? '',
    modified: head.headers['last-modified'] ?? '',
    places,
  };
}

function get(size: number): Stored {
  const one = stored.get(size);
  if (one === undefined) throw new Error(`Nothing of ${size} bytes was stored.`);
  return one;
}

/** A whole answer has every byte, the digest of all of them, and says nothing of a range. */
function expectWhole({ bytes, digest, etag }: Stored, reply: Reply): void {
  expect([reply.status, reply.headers['content-length'], reply.headers['content-range']]).toEqual([
    200,
    String(bytes.length),
    undefined,
  ]);
  expect([reply.headers['etag'], reply.headers['repr-digest']]).toEqual([etag, digest]);
  expect(reply.headers['content-encoding']).toBeUndefined();
}

/** The answer is the one that the oracle gives, to the byte, and its fields agree with each other. */
function expectOutcome(source: Stored, range: string, reply: Reply): void {
  const { bytes, digest, etag } = source;
  const outcome = rangeOutcome(range, bytes.length);
  const said = reply.headers['content-range'];
  if (outcome.status === 200) {
    expectWhole(source, reply);
    expect(reply.bytes.equals(bytes)).toBe(true);
  } else if (outcome.status === 416) {
    expect([reply.status, said, reply.json?.code]).toEqual([
      416,
      `bytes */${bytes.length}`,
      'range_not_satisfiable',
    ]);
  } else {
    const slice = bytes.subarray(outcome.first, outcome.last + 1);
    expect([reply.status, said]).toEqual([206, `bytes ${outcome.first}-${outcome.last}/${bytes.length}`]);
    expect(reply.headers['content-length']).toBe(String(slice.length));
    expect(reply.bytes.equals(slice)).toBe(true);
    // DL-10: the digest and the tag are those of the whole (RFC 9530 §3.1).
    expect([reply.headers['etag'], reply.headers['repr-digest']]).toEqual([etag, digest]);
    expect(reply.headers['content-encoding']).toBeUndefined();
  }
}

describe('DL-06: any Range', () => {
  it.each(SIZES)(
    'of %i bytes gives the exact slice, 416, or the whole, with a token and by a link',
    async (size) => {
      const source = get(size);
      const codings = fc.constantFrom('gzip', 'br, gzip;q=0.5', 'identity', '*;q=0');
      await fc.assert(
        fc.asyncProperty(
          rangeFields(size),
          fc.constantFrom(...source.places),
          codings,
          async (range, place, coding) => {
            // DL-16: whatever coding the client would take, the bytes are those that were stored.
            const headers = { range, 'accept-encoding': coding };
            expectOutcome(source, range, await at.ask({ ...place, headers }));
          },
        ),
        { numRuns: size > 1024 ? 60 : 120 },
      );
    },
  );

  it.each(SIZES)('of %i bytes is ignored with HEAD, with a token and by a link (DL-14)', async (size) => {
    const source = get(size);
    await fc.assert(
      fc.asyncProperty(rangeFields(size), fc.constantFrom(...source.places), async (range, place) => {
        const reply = await at.ask({ ...place, method: 'HEAD', headers: { range } });
        expectWhole(source, reply);
        expect(reply.bytes).toHaveLength(0);
      }),
      { numRuns: 25 },
    );
  });

  it('cut anywhere and put together gives the whole again', async () => {
    const source = get(SIZES[3] ?? 0);
    const size = source.bytes.length;
    const cuts = fc.uniqueArray(fc.integer({ min: 1, max: size - 1 }), { minLength: 1, maxLength: 5 });
    await fc.assert(
      fc.asyncProperty(cuts, fc.constantFrom(...source.places), async (inner, place) => {
        const ends = [0, ...inner.sort((a, b) => a - b), size];
        const parts: Buffer[] = [];
        for (const [index, start] of ends.slice(0, -1).entries()) {
          const range = `bytes=${start}-${(ends[index + 1] ?? 0) - 1}`;
          parts.push((await at.ask({ ...place, headers: { range, 'if-range': source.etag } })).bytes);
        }
        expect(Buffer.concat(parts).equals(source.bytes)).toBe(true);
      }),
      { numRuns: 10 },
    );
  });

  it('sent twice is several ranges, hence the whole', async () => {
    const source = get(10);
    const place = source.places[0];
    const reply = await at.ask({ path: '', ...place, headers: { range: ['bytes=0-1', 'bytes=3-4'] } });
    expectOutcome(source, 'bytes=0-1, bytes=3-4', reply);
    expect(reply.status).toBe(200);
  });
});

describe('DL-07: If-Range', () => {
  it('honours a range for exactly the tag or the date of the current version, and for nothing that resembles it', async () => {
    const source = get(10);
    const { etag, modified } = source;
    const others = [
      `W/${etag}`,
      etag.slice(1, -1),
      `${etag}, "x"`,
      `"x", ${etag}`,
      '*',
      '""',
      etag.toUpperCase(),
    ];
    const dates = [
      'Thu, 01 Jan 1970 00:00:00 GMT',
      new Date(Date.parse(modified) + 1000).toUTCString(),
      modified.toLowerCase(),
    ];
    const values = fc.oneof(
      fc.constantFrom(etag, modified),
      fc.constantFrom(...others, ...dates),
      fc.string({
        unit: fc.integer({ min: 0x21, max: 0x7e }).map((code) => String.fromCharCode(code)),
        minLength: 1,
      }),
      fc.nat(etag.length - 1).map((index) => `${etag.slice(0, index)}~${etag.slice(index + 1)}`),
    );
    await fc.assert(
      fc.asyncProperty(
        values,
        rangeFields(10),
        fc.constantFrom(...source.places),
        async (ifRange, range, place) => {
          const reply = await at.ask({ ...place, headers: { range, 'if-range': ifRange } });
          const isCurrent = ifRange === etag || ifRange === modified;
          expectOutcome(source, isCurrent ? range : 'bytes=', reply);
        },
      ),
      { numRuns: 120 },
    );
  });
});
