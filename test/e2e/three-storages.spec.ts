import { beforeAll, describe, expect, it, jest } from '@jest/globals';
import { createHash, randomBytes } from 'node:crypto';

import { expectStatus, freshId, makeTenant, type TestTenant } from '../support/api.js';
import { describeWithAzurite, sharedAzurite } from '../support/azurite.js';
import { CEPH_PROGRAMS, CEPH_START_MS, sharedCeph } from '../support/ceph.js';
import { CephBucket } from '../support/ceph-buckets.js';
import { downloadUrl, follow } from '../support/delivering-tenants.js';
import { parseDisposition } from '../support/disposition.js';
import { expectIndistinguishable, expectUntouched, makeVictim, type Victim } from '../support/isolation.js';
import { describeWith } from '../support/programs.js';
import { sharedGateway } from '../support/shared-gateway.js';

jest.setTimeout(CEPH_START_MS);

const { root } = sharedGateway();
const ODD_NAME = 'résumé – 日本 "x".pdf';
const LARGE = randomBytes(11 * 2 ** 20 + 7);

/** What a tenant says to have its objects there; null for the operator's own storage. */
type Binding = () => Promise<Record<string, unknown> | null>;

async function bind({ id, admin }: TestTenant, binding: Binding): Promise<void> {
  const json = await binding();
  if (json === null) return;
  expectStatus(await admin.request('PUT', `/v1/tenants/${id}/storage-binding`, { json }), 200);
}

/** The same place, with links that answer themselves. */
const streamed =
  (binding: Binding): Binding =>
  async () => {
    const json = await binding();
    return json === null ? null : { ...json, delivery: 'proxy' };
  };

const sha256 = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');

/** ST-01: one gateway, one set of tests, whatever holds the bytes. */
function describeStory(binding: Binding): void {
  let tenant: TestTenant;

  beforeAll(async () => {
    tenant = await makeTenant(root);
    await bind(tenant, binding);
  });

  it.each([0, 1, 65_537, LARGE.length])('gives %i bytes back equal, whole and in ranges', async (size) => {
    const [id, bytes] = [freshId('s'), LARGE.subarray(0, size)];
    const made = await tenant.editor.put(id, bytes);
    expect([made.status, made.json.size_bytes, made.json.checksum_sha256]).toEqual([
      201,
      size,
      sha256(bytes),
    ]);
    expect((await tenant.viewer.get(`/v1/sources/${id}/content`)).bytes.equals(bytes)).toBe(true);
    const last = await tenant.viewer.get(`/v1/sources/${id}/content`, { headers: { range: 'bytes=-10' } });
    // Of nothing there is no last part, so the range is ignored.
    expect(last.status).toBe(size === 0 ? 200 : 206);
    expect(last.bytes.equals(bytes.subarray(Math.max(0, size - 10)))).toBe(true);
  });

  it('DL-01: hands out URLs that carry name and type', async () => {
    const source = (
      await tenant.editor.upload('%PDF-1.7 not much', 'x.pdf', 'application/pdf', { name: ODD_NAME })
    ).json;
    const id = source.source_id as string;
    const managed = (await tenant.editor.post(`/v1/sources/${id}/links`, {})).json.url as string;
    const fetched = await tenant.viewer.post('/fetch/fetch-source-content', {
      tenant_id: tenant.id,
      source_id: id,
      mode: 'url',
    });
    expectStatus(fetched, 200);
    for (const url of [managed, await downloadUrl(tenant.editor, id), fetched.json.presigned_url as string]) {
      const { status, headers, bytes } = await follow(url);
      expect([status, bytes.toString()]).toEqual([200, '%PDF-1.7 not much']);
      expect(headers.get('content-type')).toBe('application/pdf');
      expect(parseDisposition(headers.get('content-disposition') ?? '').best).toBe(ODD_NAME);
    }
  });

  it('replaces and deletes', async () => {
    const id = freshId('s');
    await tenant.editor.put(id, 'one');
    expect((await tenant.editor.put(id, 'two')).json.version).toBe(2);
    expect((await tenant.viewer.get(`/v1/sources/${id}/content`)).text).toBe('two');
    expect((await tenant.editor.delete(`/v1/sources/${id}`)).status).toBe(204);
    expect((await tenant.viewer.get(`/v1/sources/${id}/content`)).status).toBe(404);
  });

  it('AZ-01, AZ-08: shows another tenant nothing, and no difference', async () => {
    const victim: Victim = await makeVictim(root, (home) => bind(home, streamed(binding)));
    await expectIndistinguishable(tenant.admin, victim);
    await expectUntouched(victim);
  });
}

describe('a tenant on the filesystem', () => {
  describeStory(async () => null);
});

describeWith(CEPH_PROGRAMS, 'a tenant on Ceph', () => {
  describeStory(async () => (await CephBucket.make(await sharedCeph())).binding());
});

describeWithAzurite('a tenant on Azurite', () => {
  describeStory(async () => {
    const { endpoint, accountName, accountKey } = (await sharedAzurite()).account;
    return {
      adapter: 'azure',
      endpoint,
      container: freshId('container'),
      create: true,
      credentials: { account_name: accountName, account_key: accountKey },
    };
  });
});
