import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';

import { Api, expectStatus, makeUnboundTenant, type Answer, type TestTenant } from '../support/api.js';
import { UnluckyGateways } from '../support/unlucky-gateways.js';
import { withinASecond } from '../support/within-a-second.js';

jest.setTimeout(120_000);

const CONTENT = 'signed for';
const WORKERS = 6;
const ROTATIONS = 5;

let gateways: UnluckyGateways;
let tenant: TestTenant;
let sourceId: string;

beforeAll(async () => {
  gateways = await UnluckyGateways.start({});
  tenant = await makeUnboundTenant(gateways.root);
  const made = await tenant.editor.put('one', CONTENT);
  expectStatus(made, 201);
  sourceId = made.json.source_id as string;
});

afterAll(() => gateways.dispose());

/** A caller at either gateway. */
function at(index: number, { token }: Api): Api {
  const both = [gateways.other, gateways.unlucky];
  return new Api((both[index % 2] as (typeof both)[0]).url, token);
}

const nobody = (index: number): Api => at(index, tenant.editor.as(null));
const pathOf = (url: unknown): string => new URL(url as string).pathname;

/** URLs that one gateway has signed: two to open, and one to send bytes to. */
async function sign(index: number): Promise<{ links: string[]; upload: string }> {
  const by = at(index, tenant.editor);
  const [link, download, upload] = await Promise.all([
    by.post('/v1/sources/one/links', {}),
    by.get(`/knowledge-base/sources/${sourceId}/download`),
    by.post('/v1/uploads', { name: 'sent.txt' }),
  ]);
  for (const { status } of [link, download, upload]) expect([200, 201]).toContain(status);
  return {
    links: [pathOf(link.json.url), pathOf(download.json.download_url)],
    upload: pathOf(upload.json.url),
  };
}

/** The number of the key that a gateway signs download URLs with: their third and fourth byte. */
async function signingKeyOf(index: number): Promise<number> {
  const answer = await at(index, tenant.editor).get(`/knowledge-base/sources/${sourceId}/download`);
  const link = pathOf(answer.json.download_url).split('/').at(-1) ?? '';
  return Buffer.from(link, 'base64url').readUInt16BE(2);
}

const open = async (index: number, paths: readonly string[]): Promise<number[]> =>
  await Promise.all(paths.map(async (path) => (await nobody(index).get(path)).status));

const send = (index: number, path: string): Promise<Answer> =>
  nobody(index).request('PUT', path, { body: 'sent', headers: { 'content-type': 'text/plain' } });

const keys = (rest: string): string => `/v1/tenants/${tenant.id}/signing-keys${rest}`;

describe('signing keys on two gateways', () => {
  it('OP-12, PS-22, CF-10: are rotated under load without a request that fails', async () => {
    const early = await sign(0);
    let isOver = false;
    let rounds = 0;
    /** Has one gateway sign and the other verify, for as long as keys are rotated and once more. */
    const work = async (worker: number): Promise<number[]> => {
      const seen: number[] = [];
      for (let round = worker; ; round += 1) {
        const isLast = isOver;
        const signed = await sign(round);
        seen.push(...(await open(round + 1, signed.links)), (await send(round + 1, signed.upload)).status);
        rounds += 1;
        if (isLast) return seen;
      }
    };
    const workers = Array.from({ length: WORKERS }, (_, worker) => work(worker));
    for (let time = 0; time < ROTATIONS; time += 1) {
      const before = rounds;
      const rotated = await at(time, tenant.admin).post(keys('/rotate'));
      expect([rotated.status, rotated.json.key_id]).toEqual([201, time + 2]);
      while (rounds < before + WORKERS) await Promise.race([...workers, nobody(time).get('/health/live')]);
    }
    isOver = true;
    const seen = (await Promise.all(workers)).flat();
    expect(new Set(seen)).toEqual(new Set([200, 204]));
    // What the first key has signed is good still, and its upload can be sent.
    for (const index of [0, 1]) expect(await open(index, early.links)).toEqual([200, 200]);
    expectStatus(await send(1, early.upload), 204);
  });

  it('PS-22, AN-03: once retired on one, verify nothing on the other, end uploads, and leave what others have signed', async () => {
    const old = await sign(0);
    expect(await open(1, old.links)).toEqual([200, 200]);
    const rotated = await at(0, tenant.admin).post(keys('/rotate'));
    const keyId = rotated.json.key_id as number;
    await withinASecond(() => signingKeyOf(1), keyId);
    const fresh = await sign(1);
    expectStatus(await at(0, tenant.admin).delete(keys(`/${keyId - 1}`)), 204);
    await withinASecond(() => open(1, old.links), [403, 403]);
    for (const index of [1, 0]) {
      expect(await open(index, old.links)).toEqual([403, 403]);
      const refused = await send(index, old.upload);
      expect([refused.status, refused.json.code]).toEqual([403, 'link_invalid']);
      expect(await open(index, fresh.links)).toEqual([200, 200]);
    }
    expectStatus(await send(0, fresh.upload), 204);
  });
});
