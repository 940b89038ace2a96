import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { createServer, type Server } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';

import {
  freshId,
  makeProxyTenant,
  type Answer,
  type Api,
  type Json,
  type TestTenant,
} from '../support/api.js';
import { expectUntouched, KEPT, makeVictim, type Victim } from '../support/isolation.js';
import { readOperations } from '../support/operations.js';
import { sharedGateway } from '../support/shared-gateway.js';
import { asOwner } from '../support/test-database.js';
import { beginUpload, uploadMetadata } from '../support/tus.js';

jest.setTimeout(60_000);

const { root, anonymous } = sharedGateway();
const OWN = 'bytes of its own';

let victim: Victim;
let attacker: TestTenant;
/** Every way to name what belongs to the victim, and a URL that would be fetched from here. */
let references: Record<string, string>;
let server: Server;
let fetched = 0;

beforeAll(async () => {
  [victim, attacker] = [await makeVictim(root), await makeProxyTenant(root)];
  server = createServer((_request, response) => {
    fetched += 1;
    response.end(KEPT);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const rows = await asOwner<{ key: string }>('SELECT object_key AS key FROM sources WHERE source_id = $1', [
    victim.sourceId,
  ]);
  const key = rows[0]?.key ?? '';
  if (key === '') throw new Error('The victim has no object.');
  references = {
    'its id': victim.sourceId,
    'its own id': victim.externalId,
    'its path': `/v1/sources/${victim.sourceId}/content`,
    'its tenant and id': `${victim.tenant.id}/${victim.sourceId}`,
    'its object': key,
    'its object, from the root': `/${key}`,
    'its link': victim.url,
    'a URL of somewhere': `http://127.0.0.1:${(server.address() as AddressInfo).port}/x`,
  };
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});

/** Headers by which other stores are told to take the bytes from somewhere. */
const HEADERS = [
  'x-amz-copy-source',
  'x-ms-copy-source',
  'x-copy-from',
  'x-object-manifest',
  'x-goog-copy-source',
  'copy-source',
  'destination',
  'content-location',
  'upload-concat',
  'x-upsert-source',
];

/** Fields by which APIs are told so. */
const FIELDS = [
  'copy_from',
  'copy_source',
  'from',
  'source',
  'source_url',
  'url',
  'object_key',
  'storage_key',
  'import',
  'parent_id',
  'upload_id',
];

/** A source of the attacker's, if one came of an answer, has bytes of its own and no others. */
async function expectOwn(what: string, answer: Answer): Promise<void> {
  expect([what, answer.text.includes(KEPT)]).toEqual([what, false]);
  if (answer.status >= 400) return;
  const id = answer.json.source_id as string;
  const { status, text } = await attacker.editor.get(`/v1/sources/${id}/content`);
  expect([what, status, text]).toEqual([what, 200, OWN]);
}

const put = (headers: Record<string, string>, body: string): Promise<Answer> =>
  attacker.editor.put(freshId('copy'), body, headers);

describe('AZ-04: another’s source as where bytes come from', () => {
  it('is what no operation is about: none copies, moves, imports or fetches', async () => {
    const operations = await readOperations(anonymous);
    expect(operations.length).toBeGreaterThan(40);
    const suspicious = operations.filter(({ method, path }) =>
      /copy|move|import|archive|thumbnail|render|clone|concat/i.test(`${method} ${path}`),
    );
    expect(suspicious).toEqual([]);
  });

  it('is nothing to a write that names it in a header: what was sent is what is stored', async () => {
    for (const name of HEADERS)
      for (const [what, reference] of Object.entries(references)) {
        const answer = await put({ [name]: reference }, OWN);
        await expectOwn(`${name}: ${what}`, answer);
        expect([name, answer.status]).toEqual([name, 201]);
      }
  });

  it('is nothing to a write without a body either', async () => {
    for (const name of HEADERS) {
      const answer = await put({ [name]: references['its object'] ?? '' }, '');
      expect([name, answer.status, answer.json.size_bytes]).toEqual([name, 201, 0]);
    }
  });

  it('is refused as a field, and nothing is made', async () => {
    const before = await countSources(attacker.editor);
    for (const field of FIELDS)
      for (const [what, reference] of Object.entries(references)) {
        const begun = await attacker.editor.post('/v1/uploads', { name: 'x', [field]: reference });
        expect([field, what, begun.status]).toEqual([field, what, 422]);
        const patched = await attacker.editor.patch(`/v1/sources/${victim.sourceId}`, { [field]: reference });
        expect([404, 422]).toContain(patched.status);
      }
    expect(await countSources(attacker.editor)).toBe(before);
  });

  it('is no field of a form: what the form has is stored, or nothing', async () => {
    for (const field of FIELDS)
      for (const reference of Object.values(references))
        await expectOwn(
          field,
          await attacker.editor.upload(OWN, 'x.txt', 'text/plain', { [field]: reference }),
        );
  });

  it('is nothing to a resumable upload, whose metadata names it, or that is to be made of others', async () => {
    const body = Buffer.from(OWN);
    for (const field of FIELDS)
      for (const reference of Object.values(references)) {
        const metadata = { name: 'x.txt', [field]: reference };
        const begun = await beginUpload(attacker.editor, { length: body.length, metadata, body });
        expect([field, begun.status]).toEqual([field, 201]);
      }
    const headers = {
      'tus-resumable': '1.0.0',
      'upload-concat': `final;/v1/tus/${victim.uploadId} ${references['its path'] ?? ''}`,
      'upload-metadata': uploadMetadata({ name: 'x' }),
    };
    const made = await attacker.editor.request('POST', '/v1/tus', { headers });
    expect(made.status).toBeGreaterThanOrEqual(400);
  });

  it('is no upload that another could complete as its own', async () => {
    const path = `/v1/uploads/${victim.uploadId}`;
    for (const answer of [
      await attacker.editor.post(`${path}/complete`, {}),
      await attacker.editor.get(path),
      await attacker.editor.delete(path),
    ])
      expect([answer.status, answer.json.code]).toEqual([404, 'upload_not_found']);
  });

  it('was fetched from nowhere, shown to nobody, and left as it was', async () => {
    expect(fetched).toBe(0);
    const page = await attacker.editor.get('/v1/sources?limit=100');
    for (const { source_id: id, status } of page.json.data as Json[]) {
      if (status !== 'available') continue;
      expect([OWN, '']).toContain((await attacker.editor.get(`/v1/sources/${String(id)}/content`)).text);
    }
    await expectUntouched(victim);
  });
});

async function countSources(caller: Api): Promise<number> {
  return ((await caller.get('/v1/sources?limit=100')).json.data as Json[]).length;
}
