import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import fc from 'fast-check';
import { createHash } from 'node:crypto';

import { expectStatus } from '../support/api.js';
import { pattern, sha256 } from '../support/gateway-inside.js';
import { fieldValues } from '../support/properties-headers.js';
import { PropertyGateway } from '../support/property-gateway.js';
import type { Reply } from '../support/raw-http.js';
import { askUpload, makeUpload, offsetOf, sendBytes } from '../support/tus.js';

jest.setTimeout(180_000);

const KIB = 1024;
/** Three parts and a bit, so that pieces meet every boundary. */
const BYTES = pattern(16 * KIB * KIB + 11);
const FIELDS = [
  'upload-offset',
  'upload-length',
  'upload-defer-length',
  'upload-metadata',
  'upload-checksum',
  'upload-concat',
  'tus-resumable',
  'content-digest',
  'idempotency-key',
  'trailer',
] as const;

let at: PropertyGateway;

beforeAll(async () => {
  at = await PropertyGateway.start();
});
afterEach(() => at.expectUnharmed());
afterAll(() => at.dispose());

/** Whatever was asked: taken, or refused as a problem that says what is wrong. */
function expectSound(reply: Reply, taken: number): void {
  expect(reply.headers['tus-resumable']).toBe('1.0.0');
  if (reply.status === taken) return;
  expect(reply.status).toBeGreaterThanOrEqual(400);
  expect(reply.json).toMatchObject({ status: reply.status, code: expect.stringMatching(/^[a-z_0-9]+$/) });
}

describe('IV-04, UP-18: header fields of tus of any value', () => {
  const sent = fc.array(fc.tuple(fc.constantFrom(...FIELDS), fieldValues()), { minLength: 1, maxLength: 3 });

  it('begin an upload or are refused', async () => {
    await fc.assert(
      fc.asyncProperty(sent, async (fields) => {
        const headers = { 'tus-resumable': '1.0.0', 'upload-length': '3', ...Object.fromEntries(fields) };
        const { token } = at.tenant.editor;
        expectSound(await at.ask({ method: 'POST', path: '/v1/tus', token, headers }), 201);
      }),
      { numRuns: 150 },
    );
  });

  it('bring bytes to an upload or leave it as it is', async () => {
    const { editor } = at.tenant;
    await fc.assert(
      fc.asyncProperty(sent, async (fields) => {
        const path = await makeUpload(editor, { length: 3 });
        const headers = {
          'tus-resumable': '1.0.0',
          'upload-offset': '0',
          'content-type': 'application/offset+octet-stream',
          ...Object.fromEntries(fields),
        };
        const { token } = editor;
        const reply = await at.ask({ method: 'PATCH', path, token, headers, body: Buffer.from('abc') });
        expectSound(reply, 204);
        expect(await offsetOf(editor, path)).toBe(reply.status === 204 ? 3 : 0);
      }),
      { numRuns: 150 },
    );
  });
});

/** One request of a client, right or wrong. */
interface Step {
  /** How far from where the upload stands it claims to go on. */
  readonly drift: number;
  readonly size: number;
  readonly checksum: 'none' | 'right' | 'wrong';
}

describe('UP-16, UP-18: any sequence of requests', () => {
  const step: fc.Arbitrary<Step> = fc.record({
    drift: fc.oneof({ weight: 5, arbitrary: fc.constant(0) }, fc.integer({ min: -9, max: 9 })),
    size: fc.oneof(
      fc.integer({ min: 0, max: 9 }),
      fc.integer({ min: 1, max: 700 * KIB }),
      fc.integer({ min: 5 * KIB * KIB - 2, max: 5 * KIB * KIB + 2 }),
      fc.integer({ min: 1, max: 12 * KIB * KIB }),
    ),
    checksum: fc.constantFrom('none', 'none', 'right', 'wrong'),
  });

  it('leaves the upload where the last right one brought it, and makes of it what was sent', async () => {
    const { editor, viewer } = at.tenant;
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 12 }), async (steps) => {
        const path = await makeUpload(editor, { length: BYTES.length });
        let stands = 0;
        for (const { drift, size, checksum } of steps) {
          const body = BYTES.subarray(stands, stands + size);
          const digest = createHash('md5').update(checksum === 'wrong' ? 'other' : body);
          const declared = checksum === 'none' ? {} : { 'upload-checksum': `md5 ${digest.digest('base64')}` };
          const claimed = Math.max(0, stands + drift);
          const { status } = await sendBytes(editor, path, claimed, body, declared);
          const isTaken = claimed === stands && checksum !== 'wrong';
          const refusal = claimed === stands ? 460 : 409;
          const beyond = claimed === stands && stands === BYTES.length;
          expect([claimed, stands, checksum, status]).toEqual([
            claimed,
            stands,
            checksum,
            // Of an upload that is complete nothing is read, so nothing of it is wrong.
            isTaken || beyond ? 204 : refusal,
          ]);
          if (isTaken) stands += body.length;
          expect(await offsetOf(editor, path)).toBe(stands);
        }
        if (stands < BYTES.length)
          expectStatus(await sendBytes(editor, path, stands, BYTES.subarray(stands)), 204);
        const id = (await askUpload(editor, path)).headers.get('upload-source-id') ?? '';
        const source = (await viewer.get(`/v1/sources/${id}`)).json;
        expect([source.status, source.checksum_sha256]).toEqual(['available', sha256(BYTES)]);
      }),
      { numRuns: 25 },
    );
  });
});
