import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import fc from 'fast-check';

import { expectStatus, freshId, type Api } from '../support/api.js';
import { anyText, isStorable, percentEncoded } from '../support/properties-text.js';
import { PropertyGateway } from '../support/property-gateway.js';
import type { Reply } from '../support/raw-http.js';

jest.setTimeout(120_000);

let at: PropertyGateway;
let id: string;

beforeAll(async () => {
  at = await PropertyGateway.start();
  id = freshId('noted');
  expectStatus(await at.tenant.editor.put(id, 'content'), 201);
});
afterEach(() => at.expectUnharmed());
afterAll(() => at.dispose());

const send = ({ token }: Api, method: string, path: string, body: unknown): Promise<Reply> =>
  at.ask({
    method,
    path,
    token,
    body: typeof body === 'string' ? body : JSON.stringify(body),
    headers: { 'content-type': typeof body === 'string' ? 'text/plain' : 'application/json' },
  });
const read = ({ token }: Api, path: string): Promise<Reply> => at.ask({ path, token });

/** The 422 that names one field. */
function expectInvalid(reply: Reply, field: string): void {
  expect([reply.status, reply.json.code]).toEqual([422, 'validation_failed']);
  expect(reply.json.errors).toEqual([expect.objectContaining({ field, code: 'invalid' })]);
}

describe('IV-14, IV-15: text of people, other than a source’s name', () => {
  it('names tenants, sub-tenants and tokens exactly as given, or is refused', async () => {
    const tenant = `/v1/tenants/${at.tenant.id}`;
    const places: readonly (readonly [string, string, object])[] = [
      ['PATCH', tenant, {}],
      ['PATCH', `${tenant}/sub-tenants/default`, {}],
      ['POST', `${tenant}/tokens`, { role: 'viewer' }],
    ];
    await fc.assert(
      fc.asyncProperty(anyText(), fc.constantFrom(...places), async (name, [method, path, more]) => {
        const reply = await send(at.tenant.admin, method, path, { ...more, name });
        if (!isStorable(name, 256)) {
          expectInvalid(reply, 'name');
          return;
        }
        expect([reply.status, reply.json.name]).toEqual([method === 'POST' ? 201 : 200, name]);
        const one = method === 'POST' ? `${path}/${reply.json.token_id as string}` : path;
        expect((await read(at.tenant.admin, one)).json.name).toBe(name);
      }),
      { numRuns: 80 },
    );
  });

  it('is kept in metadata, as key and as value, or is refused', async () => {
    const path = `/v1/sources/${id}`;
    await fc.assert(
      fc.asyncProperty(anyText(), anyText(), async (key, value) => {
        const metadata = { [`k${key}`]: value, list: [value, { deep: value }] };
        const reply = await send(at.tenant.editor, 'PATCH', path, { metadata });
        if (![key, value].every((text) => text.isWellFormed() && !text.includes('\u0000')))
          expectInvalid(reply, 'metadata');
        else {
          expect(reply.status).toBe(200);
          expect((await read(at.tenant.viewer, path)).json.metadata).toEqual(metadata);
        }
      }),
      { numRuns: 60 },
    );
  });

  it('is a distinct id and a distinct name when it only looks alike', async () => {
    const alike = ['\u00e9', 'e\u0301', 'x', 'x ', 'x.', 'X', 'x\u200b', '\u0445', '\uff58', '\u202ex'];
    const contentOf = (text: string): string => `/v1/sources/${percentEncoded(text)}/content`;
    for (const [index, text] of alike.entries()) {
      const reply = await send(at.tenant.editor, 'PUT', contentOf(text), String(index));
      expect([reply.status, reply.json.external_id, reply.json.name]).toEqual([201, text, text]);
    }
    for (const [index, text] of alike.entries())
      expect((await read(at.tenant.viewer, contentOf(text))).text).toBe(String(index));
  });
});
