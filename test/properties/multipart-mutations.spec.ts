import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import fc from 'fast-check';

import { PropertyGateway } from '../support/property-gateway.js';
import { form, type Reply } from '../support/raw-http.js';
import { expectSourcesOnly } from '../support/stored-things.js';

// A bound on hanging, not on speed: the machine may be busy with other suites.
jest.setTimeout(120_000);

const BOUNDARY = 'b-b';
const DELIMITER = `\r\n--${BOUNDARY}`;

let gateway: PropertyGateway;
let sources = 0;

beforeAll(async () => {
  gateway = await PropertyGateway.start();
});

afterAll(async () => gateway.dispose());

async function send(chunks: readonly Buffer[]): Promise<Reply> {
  const { token } = gateway.tenant.editor;
  const headers = { 'content-type': `multipart/form-data; boundary=${BOUNDARY}` };
  const reply = await gateway.ask({ method: 'POST', path: '/v1/sources', token, headers, body: chunks });
  if (reply.status === 201) sources += 1;
  return reply;
}

async function storedBytes(made: Reply): Promise<string> {
  const { token } = gateway.tenant.viewer;
  const path = `/v1/sources/${made.json.source_id as string}/content`;
  return (await gateway.ask({ path, token })).bytes.toString('latin1');
}

/** What a reader that has all of a form before it takes for the bytes of its file. */
function fileIn(body: Buffer): string | undefined {
  const [, ...parts] = `\r\n${body.toString('latin1')}`.split(DELIMITER);
  const file = parts.find((part) => /;\s*filename/i.test(part.slice(0, part.indexOf('\r\n\r\n'))));
  return file?.slice(file.indexOf('\r\n\r\n') + 4);
}

/** Cuts bytes at the given fractions of their length, so that a delimiter may arrive in pieces. */
function cut(body: Buffer, fractions: readonly number[]): Buffer[] {
  const places = [0, ...fractions.map((part) => Math.floor(part * body.length)), body.length];
  places.sort((one, other) => one - other);
  return places.slice(1).flatMap((end, index) => {
    const piece = body.subarray(places[index], end);
    return piece.length === 0 ? [] : [piece];
  });
}

const fraction = fc.double({ min: 0, max: 1, noNaN: true });
const cuts = fc.array(fraction, { maxLength: 8 });
const contents = fc
  .array(
    fc.constantFrom('\r\n', '\r', '\n', '--', '-', 'b-', 'b', '\r\n--b-', '\0', '\xff', 'text', '\r\n\r\n'),
    {
      maxLength: 20,
    },
  )
  .filter((pieces) => !`\r\n${pieces.join('')}`.includes(DELIMITER))
  .map((pieces) => pieces.join(''));

const wellFormed = form(
  [
    { name: 'name', content: 'Näme.txt' },
    { name: 'metadata', content: '{"a":1}' },
    { name: 'file', fileName: 'ä.bin', type: 'text/plain', content: 'one\r\n--b-\r\ntwo\r\n' },
  ],
  BOUNDARY,
).body;

/** One change to a form: some bytes go, come twice, turn into others, or everything after them is missing. */
const mutation = fc.record({
  kind: fc.constantFrom('delete', 'repeat', 'flip', 'end'),
  at: fraction,
  length: fc.integer({ min: 1, max: 40 }),
  bits: fc.integer({ min: 1, max: 255 }),
});

function mutate(
  body: Buffer,
  { kind, at, length, bits }: typeof mutation extends fc.Arbitrary<infer T> ? T : never,
): Buffer {
  const start = Math.floor(at * body.length);
  const [before, piece, after] = [
    body.subarray(0, start),
    body.subarray(start, start + length),
    body.subarray(start + length),
  ];
  if (kind === 'end') return before;
  if (kind === 'delete') return Buffer.concat([before, after]);
  if (kind === 'repeat') return Buffer.concat([before, piece, piece, after]);
  return Buffer.concat([before, piece.map((byte, index) => (index === 0 ? byte ^ bits : byte)), after]);
}

describe('a form (UP-03)', () => {
  it('is stored byte for byte, whatever its file holds and however it is cut on the way', async () => {
    await fc.assert(
      fc.asyncProperty(contents, cuts, async (content, fractions) => {
        const file = { name: 'file', fileName: 'a', content: Buffer.from(content, 'latin1') };
        const made = await send(cut(form([file], BOUNDARY).body, fractions));
        expect(made.status).toBe(201);
        expect(await storedBytes(made)).toBe(content);
      }),
      { numRuns: 60 },
    );
  });

  it('that was damaged is refused, or is the form that it has become: never half of it', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(mutation, { minLength: 1, maxLength: 3 }),
        cuts,
        async (mutations, fractions) => {
          const body = mutations.reduce(mutate, wellFormed);
          const reply = await send(cut(body, fractions));
          if (reply.status === 201) expect(await storedBytes(reply)).toBe(fileIn(body));
          else expect([400, 422]).toContain(reply.status);
        },
      ),
      { numRuns: 250 },
    );
  });

  it('leaves what was stored, no other row, object or temporary file, and an unharmed gateway', async () => {
    await expectSourcesOnly(gateway, sources);
    await gateway.expectUnharmed();
  });
});
