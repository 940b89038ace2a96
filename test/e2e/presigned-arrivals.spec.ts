import { beforeAll, describe, expect, it, jest } from '@jest/globals';

import { expectStatus, freshId, makeToken, type Api, type Json, type TestTenant } from '../support/api.js';
import { describeWithAzurite } from '../support/azurite.js';
import { CEPH_PROGRAMS, CEPH_START_MS, sharedCeph } from '../support/ceph.js';
import { CephBucket } from '../support/ceph-buckets.js';
import { eventually } from '../support/eventually.js';
import { pattern } from '../support/gateway-inside.js';
import { asOwner } from '../support/owner-connection.js';
import {
  begin,
  bound,
  complete,
  contentOf,
  declared,
  onAzurite,
  onCeph,
  onFilesystem,
  PART_BYTES,
  send,
  sendAll,
  usageOf,
} from '../support/presigned.js';
import { describeWith } from '../support/programs.js';
import { sharedGateway } from '../support/shared-gateway.js';

jest.setTimeout(CEPH_START_MS);

const { root, dataDir } = sharedGateway();

/** Changes an upload's row behind the gateway's back: time passes, as far as it is concerned. */
async function change(upload: Json, set: string): Promise<void> {
  const { rowCount } = await asOwner(dataDir, (client) =>
    client.query(`UPDATE uploads SET ${set} WHERE upload_id = $1`, [upload.upload_id]),
  );
  expect(rowCount).toBe(1);
}

const lookNow = (upload: Json): Promise<void> => change(upload, 'due_at = now()');
const expire = (upload: Json): Promise<void> => change(upload, 'expires_at = now()');

/** Waits until a look that is due has been taken, so that what was not completed by it was left alone. */
async function looked(upload: Json): Promise<void> {
  await eventually('the upload was looked at', async () => {
    const { rows } = await asOwner(dataDir, (client) =>
      client.query<{ due: boolean }>('SELECT due_at <= now() AS due FROM uploads WHERE upload_id = $1', [
        upload.upload_id,
      ]),
    );
    return rows[0]?.due === false;
  });
}

async function statusOf(caller: Api, upload: Json): Promise<string> {
  return (await caller.get(`/v1/uploads/${upload.upload_id}`)).json.status as string;
}

/** What is the same wherever the bytes go to the storage itself, or to the gateway in parts. */
function describeArrivals(makePlace: (root: Api) => Promise<TestTenant>, sizes: readonly number[]): void {
  let tenant: TestTenant;
  beforeAll(async () => {
    tenant = await makePlace(root);
  });

  it.each(sizes)('notices that %i bytes have come, although nobody says so', async (size) => {
    const bytes = pattern(size);
    const upload = await begin(tenant.editor, declared(bytes));
    await sendAll(upload, bytes);
    await lookNow(upload);
    await eventually('the source is available', async () => {
      const { status } = (await tenant.viewer.get(`/v1/sources/${upload.source_id}`)).json;
      return status === 'available';
    });
    expect((await contentOf(tenant.viewer, upload.source_id)).equals(bytes)).toBe(true);
    expect((await complete(tenant.editor, upload)).status).toBe(200);
  });

  it('leaves an upload alone of which nothing, or not all, has come', async () => {
    const none = await begin(tenant.editor, { size_bytes: 1000 });
    const some = await begin(tenant.editor, { size_bytes: 2 * PART_BYTES });
    await send(some.parts[1], pattern(PART_BYTES));
    for (const upload of [none, some]) {
      await lookNow(upload);
      await looked(upload);
      expect(await statusOf(tenant.editor, upload)).toBe('pending');
    }
  });

  it('puts nothing in the place of content that is newer, unless it is told to', async () => {
    const id = freshId('doc');
    await tenant.editor.put(id, 'first');
    const size = sizes.at(-1) ?? 0;
    const upload = await begin(tenant.editor, { size_bytes: size, source_id: id });
    await sendAll(upload, pattern(size));
    await tenant.editor.put(id, 'second');
    await lookNow(upload);
    await looked(upload);
    expect((await contentOf(tenant.viewer, id)).toString()).toBe('second');
    expect(await statusOf(tenant.editor, upload)).toBe('pending');
    expect((await complete(tenant.editor, upload)).json).toMatchObject({ version: 3, size_bytes: size });
  });

  it('completes nothing for a token that was revoked, and refuses it to others', async () => {
    const leaked = await makeToken(tenant.admin, tenant.id, { role: 'editor' });
    const size = sizes.at(-1) ?? 0;
    const upload = await begin(leaked, { size_bytes: size });
    await sendAll(upload, pattern(size));
    const tokenId = (await leaked.get('/v1/me')).json.token_id as string;
    await tenant.admin.delete(`/v1/tenants/${tenant.id}/tokens/${tokenId}`);
    await lookNow(upload);
    await looked(upload);
    const refused = await complete(tenant.editor, upload);
    expect([refused.status, refused.json.code]).toEqual([410, 'upload_gone']);
    expect((await complete(leaked, upload)).status).toBe(401);
    expect(await statusOf(tenant.editor, upload)).toBe('ended');
  });

  it('completes nothing while the tenant is suspended', async () => {
    const size = sizes.at(-1) ?? 0;
    const upload = await begin(tenant.editor, { size_bytes: size });
    await sendAll(upload, pattern(size));
    await root.post(`/v1/tenants/${tenant.id}/suspend`);
    await lookNow(upload);
    await looked(upload);
    expect((await complete(tenant.editor, upload)).status).toBe(403);
    await root.post(`/v1/tenants/${tenant.id}/resume`);
    expect(await statusOf(tenant.editor, upload)).toBe('pending');
    expect((await complete(tenant.editor, upload)).status).toBe(200);
  });

  it('CF-02, CF-16, UP-10: ends what has expired, and gives its room back', async () => {
    const before = await usageOf(tenant);
    const [one, two] = [
      await begin(tenant.editor, { size_bytes: 1000 }),
      await begin(tenant.editor, { size_bytes: 2 * PART_BYTES }),
    ];
    await send(two.parts[0], pattern(PART_BYTES));
    for (const upload of [one, two]) {
      await expire(upload);
      const late = await complete(tenant.editor, upload);
      expect([late.status, late.json.code]).toEqual([410, 'upload_gone']);
      await eventually('the pending source is gone', async () => {
        const answer = await tenant.viewer.get(`/v1/sources/${upload.source_id}`);
        return answer.status === 404;
      });
      expect(await statusOf(tenant.editor, upload)).toBe('ended');
      expect((await complete(tenant.editor, upload)).status).toBe(410);
      expect((await tenant.editor.delete(`/v1/uploads/${upload.upload_id}`)).status).toBe(204);
    }
    expect(await usageOf(tenant)).toEqual(before);
  });

  it('CF-17, UP-10: is completed once, by whoever asks and the sweep at once', async () => {
    const size = sizes.at(-1) ?? 0;
    for (let time = 0; time < 5; time += 1) {
      const upload = await begin(tenant.editor, { size_bytes: size });
      await sendAll(upload, pattern(size));
      const asked = Array.from({ length: 4 }, () => complete(tenant.editor, upload));
      const [, ...answers] = await Promise.all([lookNow(upload), ...asked]);
      for (const { status, json } of answers)
        expect([status, json]).toMatchObject([200, { version: 1, size_bytes: size }]);
    }
  });

  it('CF-02, UP-10: is either complete or gone, whenever it expires', async () => {
    const before = await usageOf(tenant);
    const size = sizes.at(-1) ?? 0;
    let made = 0;
    for (let time = 0; time < 8; time += 1) {
      const upload = await begin(tenant.editor, { size_bytes: size });
      await sendAll(upload, pattern(size));
      const asked = complete(tenant.editor, upload);
      await (time % 2 === 0 ? expire(upload) : asked.then(() => expire(upload)));
      const { status } = await asked;
      expect([200, 410]).toContain(status);
      if (status === 200) {
        made += 1;
        expect((await contentOf(tenant.viewer, upload.source_id)).length).toBe(size);
      } else
        await eventually('the pending source is gone', async () => {
          return (await tenant.viewer.get(`/v1/sources/${upload.source_id}`)).status === 404;
        });
    }
    expect(await usageOf(tenant)).toEqual({
      ...before,
      objects: Number(before.objects) + made,
      bytes: Number(before.bytes) + made * size,
    });
  });

  it('leaves a pending source as long as any upload for it is open', async () => {
    const source_id = freshId('doc');
    const first = await begin(tenant.editor, { size_bytes: 10, source_id });
    const second = await begin(tenant.editor, { size_bytes: 20, source_id });
    expect(second.source_id).toBe(first.source_id);
    await tenant.editor.delete(`/v1/uploads/${first.upload_id}`);
    expect((await tenant.viewer.get(`/v1/sources/${source_id}`)).json.status).toBe('pending');
    await sendAll(second, pattern(20));
    expect((await complete(tenant.editor, second)).json).toMatchObject({ size_bytes: 20, version: 1 });
  });

  it('of two uploads of one source that end at once, one takes it along', async () => {
    for (let time = 0; time < 10; time += 1) {
      const source_id = freshId('doc');
      const uploads = [
        await begin(tenant.editor, { size_bytes: 10, source_id }),
        await begin(tenant.editor, { size_bytes: 20, source_id }),
      ];
      const ends = uploads.map(({ upload_id }) => tenant.editor.delete(`/v1/uploads/${upload_id}`));
      for (const answer of await Promise.all(ends)) expect(answer.status).toBe(204);
      expect((await tenant.viewer.get(`/v1/sources/${source_id}`)).status).toBe(404);
    }
  });
}

describe('arrivals in parts on the filesystem', () => {
  describeArrivals(onFilesystem, [2 * PART_BYTES, 2 * PART_BYTES + 1]);
});

describeWith(CEPH_PROGRAMS, 'arrivals on Ceph', () => {
  describeArrivals(onCeph, [2 * PART_BYTES, 1000]);
});

describeWithAzurite('arrivals on Azurite', () => {
  describeArrivals(onAzurite, [2 * PART_BYTES, 1000]);
});

describeWith(CEPH_PROGRAMS, 'what uploads leave in a bucket', () => {
  let bucket: CephBucket;
  let tenant: TestTenant;
  beforeAll(async () => {
    bucket = await CephBucket.make(await sharedCeph());
    tenant = await bound(root, bucket.binding({ delivery: 'direct' }));
  });

  const empty = (): Promise<true> =>
    eventually('the bucket is empty', async () => {
      const [keys, unfinished] = [await bucket.keys(), await bucket.unfinished()];
      return keys.length === 0 && unfinished.length === 0;
    });

  const cleared = (): Promise<true> =>
    eventually('the outbox is empty', async () => {
      const { rows } = await asOwner(dataDir, (client) =>
        client.query('SELECT FROM outbox WHERE tenant_id = $1', [tenant.id]),
      );
      return rows.length === 0;
    });

  const forgotten = ({ upload_id }: Json): Promise<true> =>
    eventually('it is forgotten', async () => {
      return (await tenant.editor.get(`/v1/uploads/${upload_id}`)).status === 404;
    });

  it('UP-17, CF-16: is nothing, once they were given up, expired or refused, or lost their source', async () => {
    const endings: Record<string, (upload: Json) => Promise<unknown>> = {
      'given up': ({ upload_id }) => tenant.editor.delete(`/v1/uploads/${upload_id}`),
      expired: expire,
      'without its source': ({ source_id }) => tenant.editor.delete(`/v1/sources/${source_id}`),
      refused: (upload) => complete(tenant.editor, upload),
    };
    for (const [ending, end] of Object.entries(endings)) {
      for (const size of [1000, 2 * PART_BYTES]) {
        const checksum = ending === 'refused' ? { checksum_sha256: '0'.repeat(64) } : {};
        const upload = await begin(tenant.editor, { size_bytes: size, ...checksum });
        // Ceph stores what it is told is the checksum.
        await sendAll(upload, pattern(size));
        await end(upload);
        expect(await empty()).toBe(true);
      }
    }
  });

  it('CF-16: is nothing, when bytes come after the end', async () => {
    const upload = await begin(tenant.editor, { size_bytes: 1000 });
    await expire(upload);
    await eventually('the pending source is gone', async () => {
      return (await tenant.viewer.get(`/v1/sources/${upload.source_id}`)).status === 404;
    });
    await cleared();
    // The URL is the storage's, and still good there.
    expect((await send(upload, pattern(1000))).status).toBe(200);
    expect(await bucket.keys()).toHaveLength(1);
    expect((await complete(tenant.editor, upload)).status).toBe(410);
    // A day later.
    await expire(upload);
    await empty();
    await forgotten(upload);
  });

  it('UP-17: is nothing, when the tenant is erased or its sub-tenant goes', async () => {
    const home = await bound(root, bucket.binding({ delivery: 'direct', prefix: 'erased' }));
    const sub = '/v1/tenants/' + home.id + '/sub-tenants';
    expectStatus(await home.admin.post(sub, { sub_tenant_id: 'branch' }), 201);
    const inBranch = { headers: { 'x-sub-tenant-id': 'branch' } };
    for (const size of [1000, 2 * PART_BYTES]) {
      const made = await home.editor.post('/v1/uploads', { name: 'x', size_bytes: size }, inBranch);
      expectStatus(made, 201);
      await sendAll(made.json, pattern(size));
      await sendAll(await begin(home.editor, { size_bytes: size }), pattern(size));
    }
    const kept = await home.admin.delete(`${sub}/branch`);
    expect([kept.status, kept.json.code]).toEqual([409, 'sub_tenant_not_empty']);
    expectStatus(await root.delete(`${sub}/branch?force=true`), 204);
    expectStatus(await root.delete(`/v1/tenants/${home.id}?force=true`), 204);
    expect(await empty()).toBe(true);
  });

  it('is one object, when all went well', async () => {
    for (const size of [1000, 2 * PART_BYTES]) {
      const upload = await begin(tenant.editor, { size_bytes: size });
      await sendAll(upload, pattern(size));
      expect((await complete(tenant.editor, upload)).status).toBe(200);
      // Forgotten after a day, without its object.
      await expire(upload);
      await forgotten(upload);
      expect((await contentOf(tenant.viewer, upload.source_id)).length).toBe(size);
    }
    expect(await bucket.unfinished()).toEqual([]);
    await cleared();
    expect(await bucket.keys()).toHaveLength(2);
  });
});
