import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import fc from 'fast-check';
import { isUtf8 } from 'node:buffer';

import { expectStatus, freshId } from '../support/api.js';
import { filesUnder, objectFolder } from '../support/gateway-inside.js';
import { formNamed, isPromised, readDisposition } from '../support/properties-names.js';
import {
  anyText,
  AWKWARD_TEXTS,
  carelessUtf8,
  isStorable,
  percentEncoded,
  storableText,
} from '../support/properties-text.js';
import { PropertyGateway } from '../support/property-gateway.js';
import { form, type FormPart, type Reply } from '../support/raw-http.js';

jest.setTimeout(120_000);

let at: PropertyGateway;
let id: string;

beforeAll(async () => {
  at = await PropertyGateway.start();
  id = freshId('named');
  expectStatus(await at.tenant.editor.put(id, 'content'), 201);
});
afterEach(() => at.expectUnharmed());
afterAll(() => at.dispose());

const editor = (method: string, path: string, body?: string | Buffer, type = 'application/json') =>
  at.ask({
    method,
    path,
    token: at.tenant.editor.token,
    ...(body === undefined ? {} : { body, headers: { 'content-type': type } }),
  });

const upload = (parts: readonly FormPart[]): Promise<Reply> => {
  const { type, body } = form(parts, 'b0und4ry-of-names');
  return editor('POST', '/v1/sources', body, type);
};

/** A refusal by the contract: a problem document that says which field, if any, was at fault. */
function expectRefused(reply: Reply, status: number, field?: string): void {
  expect([reply.status, reply.headers['content-type']]).toEqual([
    status,
    'application/problem+json; charset=utf-8',
  ]);
  expect(reply.json).toMatchObject(
    field === undefined
      ? { code: 'malformed_request' }
      : { code: 'validation_failed', errors: [{ field, code: 'invalid' }] },
  );
}

/** The name as given, in the source's description and in a list, and what was promised in the download's header. */
async function expectNamed(sourceId: string, name: string): Promise<void> {
  const path = `/v1/sources/${sourceId}`;
  expect((await editor('GET', path)).json.name).toBe(name);
  const found = await editor('GET', `/v1/sources?limit=100&name_prefix=${percentEncoded(name)}`);
  expect(found.json.data.map((row: { name: string }) => row.name)).toContain(name);
  const head = await editor('HEAD', `${path}/content`);
  expect(head.status).toBe(200);
  expect(isPromised(readDisposition(head).byGrammar, name)).toBe(true);
}

const CONTENT: FormPart = { name: 'file', fileName: 'x.txt', type: 'text/plain', content: 'x' };

describe('IV-14, IV-15: a name is stored as given or refused', () => {
  it('IV-04: by PATCH, with 422 exactly for NUL, lone surrogates and more than 1,024 characters', async () => {
    let current = (await editor('GET', `/v1/sources/${id}`)).json.name as string;
    await fc.assert(
      fc.asyncProperty(anyText(), async (name) => {
        const reply = await editor('PATCH', `/v1/sources/${id}`, JSON.stringify({ name }));
        if (!isStorable(name)) expectRefused(reply, 422, 'name');
        else expect([reply.status, reply.json.name]).toEqual([200, name]);
        current = isStorable(name) ? name : current;
        await expectNamed(id, current);
      }),
      { numRuns: 100 },
    );
  });

  it('in every one of the texts that have broken programs before', async () => {
    for (const name of AWKWARD_TEXTS) {
      const reply = await editor('PATCH', `/v1/sources/${id}`, JSON.stringify({ name }));
      if (isStorable(name)) expect([reply.status, reply.json.name]).toEqual([200, name]);
      else expectRefused(reply, 422, 'name');
    }
  });

  it('by the query of a PUT; one that is no percent-encoded UTF-8 is refused, not taken for text', async () => {
    const percents = fc.constantFrom(
      '%',
      '%zz',
      '%FF',
      '%C3%28',
      '%ED%A0%80',
      '%E9',
      '%F5%80%80%80',
      '%C0%AF',
      '%u00e9',
    );
    const queries = fc.oneof(
      { weight: 4, arbitrary: anyText().map((name) => ({ name, query: percentEncoded(name) })) },
      {
        weight: 1,
        arbitrary: fc
          .tuple(storableText(), percents)
          .map(([text, wrong]) => ({ name: '\ud800', query: percentEncoded(text) + wrong })),
      },
    );
    await fc.assert(
      fc.asyncProperty(queries, async ({ name, query }) => {
        const path = `/v1/sources/${freshId('q')}/content?name=${query}`;
        const reply = await editor('PUT', path, 'x', 'text/plain');
        if (!name.isWellFormed()) expectRefused(reply, 400);
        else if (!isStorable(name)) expectRefused(reply, 422, 'name');
        else {
          expect([reply.status, reply.json.name]).toEqual([201, name]);
          await expectNamed(reply.json.source_id as string, name);
        }
      }),
      { numRuns: 60 },
    );
  });

  it('by the name field of a form, in strictly valid UTF-8', async () => {
    const bytes = fc.oneof(
      anyText().map(carelessUtf8),
      fc.uint8Array({ minLength: 1, maxLength: 60 }).map((all) => Buffer.from(all)),
    );
    await fc.assert(
      fc.asyncProperty(bytes, async (content) => {
        const name = content.toString('utf8');
        const reply = await upload([{ name: 'name', content }, CONTENT]);
        if (!isUtf8(content) || !isStorable(name)) expectRefused(reply, 422, 'name');
        else {
          expect([reply.status, reply.json.name]).toEqual([201, name]);
          await expectNamed(reply.json.source_id as string, name);
        }
      }),
      { numRuns: 80 },
    );
  });
});

describe('IV-06: the file name of a form', () => {
  it('loses its path and nothing else; what no header can carry is refused', async () => {
    await fc.assert(
      fc.asyncProperty(anyText(), async (name) => {
        const { type, body } = formNamed(CONTENT, name);
        const reply = await editor('POST', '/v1/sources', body, type);
        if (!name.isWellFormed() || /[\0\r\n]/.test(name)) {
          expectRefused(reply, 400);
          return;
        }
        const last = name.split(/[/\\]/).pop() ?? '';
        const stored = ['.', '..'].includes(last) || !isStorable(last) ? 'untitled' : last;
        expect([reply.status, reply.json.name]).toEqual([201, stored]);
        await expectNamed(reply.json.source_id as string, stored);
      }),
      { numRuns: 100 },
    );
  });
});

describe('names and the world around them', () => {
  it('IV-06: leave files nowhere but under opaque names in the tenant’s own folder', async () => {
    const folder = objectFolder(at.gateway.dataDir, at.tenant.editor);
    for (const file of await filesUnder(`${at.gateway.dataDir}/objects`)) {
      expect(file.startsWith(folder)).toBe(true);
      expect(file.slice(folder.length)).toMatch(/^\/_[0-9a-f]{2}\/[0-9a-f-]{36}$/);
    }
  });

  it('OP-07: write no line of their own into the log', () => {
    const lines = at.gateway.log.split('\n').filter((line) => line !== '');
    expect(lines.length).toBeGreaterThan(500);
    for (const line of lines) {
      expect(line).toMatch(/^\{[\x20-\x7e\x80-\uffff]*\}$/u);
      expect(JSON.parse(line)).toMatchObject({ level: expect.anything(), msg: expect.any(String) });
    }
  });
});
