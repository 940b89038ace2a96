import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import fc from 'fast-check';

import { expectStatus, freshId } from '../support/api.js';
import { storeAndLink } from '../support/properties-links.js';
import { isPromised, readDisposition } from '../support/properties-names.js';
import { AWKWARD_TEXTS, isStorable, storableText } from '../support/properties-text.js';
import { PropertyGateway } from '../support/property-gateway.js';
import type { Reply } from '../support/raw-http.js';

jest.setTimeout(120_000);

const TRANSIENT = new Set(['date', 'x-request-id', 'connection', 'keep-alive']);
const CONTENT = 'the content of a source with many names';

let at: PropertyGateway;
let id: string;
/** Where the same source is downloaded: with a token, and by a link of every kind. */
let places: { readonly path: string; readonly token: string | null }[];

beforeAll(async () => {
  at = await PropertyGateway.start();
  id = freshId('disposed');
  const paths = Object.values(await storeAndLink(at.tenant, id, CONTENT)) as string[];
  places = [
    { path: `/v1/sources/${id}/content`, token: at.tenant.viewer.token },
    ...paths.map((path) => ({ path, token: null })),
  ];
});
afterEach(() => at.expectUnharmed());
afterAll(() => at.dispose());

const json = (method: string, path: string, body: unknown): Promise<Reply> =>
  at.ask({
    method,
    path,
    token: at.tenant.editor.token,
    body: JSON.stringify(body),
    headers: { 'content-type': 'application/json' },
  });

const lasting = (reply: Reply): [string, string | undefined][] =>
  Object.entries(reply.headers).filter(([name]) => !TRANSIENT.has(name));

/** One line of ASCII that every reader takes for the promised name, and a fallback that is one harmless name. */
function expectPromised(reply: Reply, name: string, type = 'attachment'): void {
  const read = readDisposition(reply);
  expect([read.type, read.byLibrary]).toEqual([type, read.byGrammar]);
  expect(isPromised(read.byGrammar, name)).toBe(true);
  expect(read.fallback).toMatch(/^[ !#$&-.0-[\]-~]{1,200}$/);
  expect(read.fallback).not.toMatch(/^\.{1,2}$|^\s*$|=\?/);
}

describe('DL-01: the name in Content-Disposition', () => {
  it('is the promised one wherever a source is downloaded, to GET and to HEAD (DL-14)', async () => {
    await fc.assert(
      fc.asyncProperty(storableText(), async (name) => {
        expect((await json('PATCH', `/v1/sources/${id}`, { name })).status).toBe(200);
        for (const { path, token } of places) {
          const got = await at.ask({ path, token });
          const head = await at.ask({ method: 'HEAD', path, token });
          expect([got.status, got.text, head.status, head.text]).toEqual([200, CONTENT, 200, '']);
          expect(lasting(head)).toEqual(lasting(got));
          expectPromised(got, name);
        }
      }),
      { numRuns: 60 },
    );
  });

  it('is the promised one for each of the texts that have broken programs before', async () => {
    const { path, token } = places[0] ?? { path: '', token: null };
    for (const name of AWKWARD_TEXTS.filter((text) => isStorable(text))) {
      expectStatus(await at.tenant.editor.patch(`/v1/sources/${id}`, { name }), 200);
      expectPromised(await at.ask({ method: 'HEAD', path, token }), name);
    }
  });

  it('of a link with a name of its own is that name, shown inline where that was asked for', async () => {
    const dispositions = fc.constantFrom('attachment', 'inline');
    await fc.assert(
      fc.asyncProperty(storableText(), dispositions, async (filename, disposition) => {
        const made = await json('POST', `/v1/sources/${id}/links`, { filename, disposition });
        expect([made.status, made.json.filename]).toEqual([201, filename]);
        const got = await at.ask({ path: new URL(made.json.url as string).pathname });
        expect([got.status, got.text]).toEqual([200, CONTENT]);
        expectPromised(got, filename, disposition);
      }),
      { numRuns: 60 },
    );
  });

  it('is no encoded word, which browsers would decode into something else', async () => {
    for (const name of [
      '=?utf-8?b?Li4vLi4veA==?=',
      'a =?utf-8?q?=2e=2e=2fx?= b.txt',
      '=?x',
      'a=?utf-8?Q?=22?=',
    ]) {
      expectStatus(await at.tenant.editor.patch(`/v1/sources/${id}`, { name }), 200);
      const { path, token } = places[0] ?? { path: '', token: null };
      expectPromised(await at.ask({ path, token }), name);
    }
  });
});
