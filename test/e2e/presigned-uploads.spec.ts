import { beforeAll, describe, expect, it, jest } from '@jest/globals';
import { randomUUID } from 'node:crypto';

import { freshId, makeToken, type Api, type TestTenant } from '../support/api.js';
import { describeWithAzurite } from '../support/azurite.js';
import { CEPH_PROGRAMS, CEPH_START_MS } from '../support/ceph.js';
import { pattern } from '../support/gateway-inside.js';
import {
  begin,
  complete,
  contentOf,
  declared,
  onAzurite,
  onCeph,
  onFilesystem,
  PART_BYTES,
  send,
  sendAll,
  sha256,
  usageOf,
  type Target,
} from '../support/presigned.js';
import { describeWith } from '../support/programs.js';
import { sharedGateway } from '../support/shared-gateway.js';

jest.setTimeout(CEPH_START_MS);

const { root, url: gateway } = sharedGateway();

/** One set of tests, whoever takes the bytes. */
function describeUploads(makePlace: (root: Api) => Promise<TestTenant>, isDirect: boolean): void {
  let tenant: TestTenant;
  beforeAll(async () => {
    tenant = await makePlace(root);
  });

  it.each([
    0,
    1,
    65_535,
    65_537,
    PART_BYTES - 1,
    PART_BYTES,
    PART_BYTES + 1,
    2 * PART_BYTES,
    2 * PART_BYTES + 1,
  ])('UP-01, UP-16: takes %i bytes by URL and gives them back equal', async (size) => {
    const bytes = pattern(size);
    const upload = await begin(tenant.editor, { ...declared(bytes), content_type: 'application/pdf' });
    expect(upload.method).toBe('PUT');
    expect(upload.parts?.length ?? 1).toBe(Math.max(1, Math.ceil(size / PART_BYTES)));
    const urls = (upload.parts ?? [upload]).map((target: Target) => target.url) as string[];
    for (const url of urls) expect(new URL(url).origin === gateway).toBe(!isDirect);
    const parts = await sendAll(upload, bytes);
    const done = await complete(tenant.editor, upload, parts.length === 0 ? undefined : { parts });
    expect([done.status, done.json]).toMatchObject([
      200,
      {
        source_id: upload.source_id,
        status: 'available',
        name: 'upload.bin',
        content_type: 'application/pdf',
        size_bytes: size,
        checksum_sha256: sha256(bytes),
        version: 1,
      },
    ]);
    expect((await contentOf(tenant.viewer, upload.source_id)).equals(bytes)).toBe(true);
    const again = await complete(tenant.editor, upload);
    expect([again.status, again.json]).toEqual([200, done.json]);
    const { status } = (await tenant.editor.get(`/v1/uploads/${upload.upload_id}`)).json;
    expect(status).toBe('completed');
  });

  it('UP-01: takes bytes of which nothing was declared, and guesses the type from the name', async () => {
    const bytes = pattern(100_000);
    const upload = await begin(tenant.editor, { name: 'table.csv', metadata: { a: 'ü' } });
    await sendAll(upload, bytes);
    const done = await complete(tenant.editor, upload);
    expect(done.json).toMatchObject({
      size_bytes: 100_000,
      checksum_sha256: sha256(bytes),
      content_type: 'text/csv',
      metadata: { a: 'ü' },
    });
  });

  it('UP-11: shows a source as pending, without content, until all its bytes are there', async () => {
    const externalId = freshId('doc');
    const bytes = pattern(2 * PART_BYTES);
    const upload = await begin(tenant.editor, { ...declared(bytes), source_id: externalId });
    const pending = {
      source_id: upload.source_id,
      external_id: externalId,
      status: 'pending',
      size_bytes: null,
    };
    const looks = async (): Promise<void> => {
      for (const id of [externalId, upload.source_id])
        expect((await tenant.viewer.get(`/v1/sources/${id}`)).json).toMatchObject(pending);
      const list = (await tenant.viewer.get(`/v1/sources?external_id=${externalId}`)).json.data;
      expect(list).toMatchObject([pending]);
      const content = await tenant.viewer.get(`/v1/sources/${externalId}/content`);
      expect([content.status, content.json.code]).toEqual([409, 'source_not_uploaded']);
    };
    await looks();
    await send(upload.parts[0], bytes.subarray(0, PART_BYTES));
    await looks();
    const early = await complete(tenant.editor, upload);
    expect([early.status, early.json.code]).toEqual([409, 'upload_not_received']);
    await looks();
    await send(upload.parts[1], bytes.subarray(PART_BYTES));
    expect((await complete(tenant.editor, upload)).status).toBe(200);
    expect((await contentOf(tenant.viewer, externalId)).equals(bytes)).toBe(true);
  });

  it('UP-10: completes nothing that has not come, and can when it has', async () => {
    const bytes = pattern(1000);
    const upload = await begin(tenant.editor, declared(bytes));
    const early = await complete(tenant.editor, upload);
    expect([early.status, early.json.code]).toEqual([409, 'upload_not_received']);
    await sendAll(upload, bytes);
    expect((await complete(tenant.editor, upload)).status).toBe(200);
  });

  it('UP-10: completes once however often it is asked at once', async () => {
    const bytes = pattern(700_000);
    const upload = await begin(tenant.editor, { size_bytes: bytes.length });
    await sendAll(upload, bytes);
    const answers = await Promise.all(Array.from({ length: 20 }, () => complete(tenant.editor, upload)));
    expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 200));
    for (const { json } of answers) expect(json).toEqual(answers[0]?.json);
    expect(answers[0]?.json).toMatchObject({ version: 1, status: 'available' });
  });

  it('UP-05, UP-16: has no more than 1,000 parts, which make up the file, however large it is', async () => {
    const size = 5 * 2 ** 30;
    const upload = await begin(tenant.editor, { size_bytes: size });
    const parts = upload.parts as (Target & { part_number: number; size_bytes: number })[];
    expect(parts.length).toBeLessThanOrEqual(1000);
    expect(parts.map(({ part_number }) => part_number)).toEqual(parts.map((_, index) => index + 1));
    expect(parts.reduce((sum, { size_bytes }) => sum + size_bytes, 0)).toBe(size);
    expect(new Set(parts.map(({ url }) => url)).size).toBe(parts.length);
    expect((await tenant.editor.delete(`/v1/uploads/${upload.upload_id}`)).status).toBe(204);
  });

  it('UP-14: makes nothing of more than there is room for, until there is', async () => {
    const home = await makePlace(root);
    const limit = (quota_bytes: number): Promise<unknown> =>
      root.patch(`/v1/tenants/${home.id}`, { quota_bytes });
    await limit(999);
    const upload = await begin(home.editor, {});
    const sent = await send(upload as Target, pattern(1000));
    const full = await complete(home.editor, upload);
    if (isDirect)
      expect([full.status, full.json]).toMatchObject([507, { code: 'quota_exceeded', quota: 999 }]);
    else expect([sent.status, full.status]).toEqual([507, 409]);
    expect((await usageOf(home)).bytes).toBe(0);
    await limit(1000);
    if (!isDirect) await sendAll(upload, pattern(1000));
    expect((await complete(home.editor, upload)).status).toBe(200);
    expect(await usageOf(home)).toEqual({ objects: 1, bytes: 1000, reserved_objects: 0, reserved_bytes: 0 });
  });

  it('UP-13: does not stand in the way of conditions, nor lose to them', async () => {
    const id = freshId('doc');
    const upload = await begin(tenant.editor, { size_bytes: 3, source_id: id });
    const { status } = await tenant.editor.put(id, 'one', { 'if-match': '"nothing"' });
    expect(status).toBe(412);
    const made = await tenant.editor.put(id, 'one');
    await sendAll(upload, Buffer.from('two'));
    const done = await complete(tenant.editor, upload);
    expect([done.status, done.json.version]).toEqual([200, 2]);
    const stale = await tenant.editor.put(id, 'three', { 'if-match': made.json.etag as string });
    expect(stale.status).toBe(412);
    expect((await contentOf(tenant.viewer, id)).toString()).toBe('two');
  });

  it('UP-08, PS-11, PS-13: ends an upload whose bytes have another SHA-256, and removes what came', async () => {
    const before = await usageOf(tenant);
    const bytes = pattern(1000);
    const upload = await begin(tenant.editor, { ...declared(bytes), source_id: freshId('doc') });
    const other = Buffer.from(bytes);
    other[500] = (other[500] ?? 0) ^ 1;
    const sent = await send(upload, other);
    const done = await complete(tenant.editor, upload);
    // Who takes the bytes may have found out by itself; then nothing has come.
    if (sent.status < 300) {
      expect([done.status, done.json.code]).toEqual([422, 'checksum_mismatch']);
      expect((await complete(tenant.editor, upload)).status).toBe(410);
      expect((await tenant.viewer.get(`/v1/sources/${upload.source_id}`)).status).toBe(404);
    } else {
      expect([sent.status, done.status, done.json.code]).toEqual([422, 409, 'upload_not_received']);
      await tenant.editor.delete(`/v1/uploads/${upload.upload_id}`);
    }
    expect(await usageOf(tenant)).toEqual(before);
  });

  it.each([999, 1001])('PS-11: takes no %i bytes where 1000 were declared', async (size) => {
    const upload = await begin(tenant.editor, { size_bytes: 1000 });
    const sent = await send(upload, pattern(size), { 'content-length': String(size) });
    const done = await complete(tenant.editor, upload);
    if (sent.status < 300) expect([done.status, done.json.code]).toEqual([422, 'size_mismatch']);
    else expect([done.status, done.json.code]).toEqual([409, 'upload_not_received']);
    expect((await tenant.viewer.get(`/v1/sources/${upload.source_id}/content`)).status).toBe(
      sent.status < 300 ? 404 : 409,
    );
  });

  it('PS-11: takes no HTML where an image was declared', async () => {
    const bytes = pattern(1000);
    const upload = await begin(tenant.editor, { ...declared(bytes), content_type: 'image/png' });
    const sent = await send(upload, bytes, { 'content-type': 'text/html' });
    const done = await complete(tenant.editor, upload);
    if (sent.status < 300) expect([done.status, done.json.code]).toEqual([422, 'content_type_mismatch']);
    else expect([done.status, done.json.code]).toEqual([409, 'upload_not_received']);
  });

  it('PS-10: serves what was completed, whatever is sent to its URLs afterwards', async () => {
    for (const size of [1000, 2 * PART_BYTES]) {
      const [first, second] = [pattern(size), Buffer.alloc(size, 'x')];
      const upload = await begin(tenant.editor, { size_bytes: size });
      await sendAll(upload, first);
      expect((await complete(tenant.editor, upload)).status).toBe(200);
      const statuses = [];
      for (const target of upload.parts ?? [upload])
        statuses.push((await send(target, second.subarray(0, target.size_bytes ?? size))).status);
      expect(Math.min(...statuses)).toBeGreaterThanOrEqual(200);
      expect((await contentOf(tenant.viewer, upload.source_id)).equals(first)).toBe(true);
      expect((await complete(tenant.editor, upload)).json.checksum_sha256).toBe(sha256(first));
    }
  });

  it('UP-12: replaces a source at once and whole, and serves the old content until then', async () => {
    const id = freshId('doc');
    const [old, replacement] = [pattern(100_000), Buffer.alloc(2 * PART_BYTES, 'new ')];
    const made = (await tenant.editor.put(id, old)).json;
    const upload = await begin(tenant.editor, {
      ...declared(replacement),
      source_id: id,
      name: 'second.bin',
    });
    expect(upload.source_id).toBe(made.source_id);
    await sendAll(upload, replacement);
    expect((await tenant.viewer.get(`/v1/sources/${id}`)).json).toEqual(made);
    const reading = { done: false };
    const readers = Array.from({ length: 3 }, async () => {
      while (!reading.done) {
        const { bytes, headers } = await tenant.viewer.get(`/v1/sources/${id}/content`);
        expect([`"${sha256(bytes)}"`, [old.length, replacement.length].includes(bytes.length)]).toEqual([
          headers.get('etag'),
          true,
        ]);
      }
    });
    const done = await complete(tenant.editor, upload);
    reading.done = true;
    await Promise.all(readers);
    expect([done.status, done.json]).toMatchObject([
      200,
      { version: 2, name: 'second.bin', external_id: id },
    ]);
    expect((await contentOf(tenant.viewer, id)).equals(replacement)).toBe(true);
  });

  it('gives an upload up, with what came and with the source that waited for it', async () => {
    const before = await usageOf(tenant);
    for (const size of [1000, 2 * PART_BYTES]) {
      const upload = await begin(tenant.editor, { size_bytes: size, source_id: randomUUID() });
      expect(await usageOf(tenant)).toEqual({
        ...before,
        reserved_objects: Number(before.reserved_objects) + 1,
        reserved_bytes: Number(before.reserved_bytes) + size,
      });
      if (upload.parts !== undefined) await send(upload.parts[0], pattern(PART_BYTES));
      const path = `/v1/uploads/${upload.upload_id}`;
      for (let time = 0; time < 2; time += 1) expect((await tenant.editor.delete(path)).status).toBe(204);
      expect((await tenant.editor.get(path)).json.status).toBe('ended');
      expect((await tenant.viewer.get(`/v1/sources/${upload.source_id}`)).status).toBe(404);
      const late = await complete(tenant.editor, upload);
      expect([late.status, late.json.code]).toEqual([410, 'upload_gone']);
      expect(await usageOf(tenant)).toEqual(before);
    }
  });

  it('does not take back what is complete', async () => {
    const upload = await begin(tenant.editor, { size_bytes: 4 });
    await sendAll(upload, Buffer.from('kept'));
    await complete(tenant.editor, upload);
    const refused = await tenant.editor.delete(`/v1/uploads/${upload.upload_id}`);
    expect([refused.status, refused.json.code]).toEqual([409, 'upload_completed']);
    expect((await contentOf(tenant.viewer, upload.source_id)).toString()).toBe('kept');
  });

  it('PS-19: is completed by nobody who may not', async () => {
    const bytes = pattern(1000);
    const upload = await begin(tenant.uploader, declared(bytes));
    await send(upload, bytes);
    const stranger = await onFilesystem(root);
    const path = `/v1/uploads/${upload.upload_id}/complete`;
    const asks: [Api, number][] = [
      [stranger.editor, 404],
      [tenant.viewer, 403],
      [root.as(null), 401],
      [root.as('gth_abc'), 401],
    ];
    for (const [caller, status] of asks) expect((await caller.post(path)).status).toBe(status);
    for (const id of [randomUUID(), upload.source_id, 'nothing'])
      expect((await tenant.editor.post(`/v1/uploads/${id}/complete`)).status).toBe(404);
    const other = await makeToken(tenant.admin, tenant.id, { role: 'uploader' });
    expect((await other.post(path)).status).toBe(200);
  });

  it('is over with its source', async () => {
    const id = freshId('doc');
    await tenant.editor.put(id, 'old');
    const before = await usageOf(tenant);
    const upload = await begin(tenant.editor, { size_bytes: 3, source_id: id });
    await tenant.editor.delete(`/v1/sources/${id}`);
    await send(upload, Buffer.from('new'));
    expect((await complete(tenant.editor, upload)).status).toBe(404);
    expect((await tenant.viewer.get(`/v1/sources/${id}`)).status).toBe(404);
    expect(await usageOf(tenant)).toMatchObject({
      objects: before.objects - 1,
      reserved_objects: before.reserved_objects,
      reserved_bytes: before.reserved_bytes,
    });
  });
}

describe('uploads by URL on the filesystem', () => {
  describeUploads(onFilesystem, false);
});

describeWith(CEPH_PROGRAMS, 'uploads by URL on Ceph', () => {
  describeUploads(onCeph, true);
});

describeWithAzurite('uploads by URL on Azurite', () => {
  describeUploads(onAzurite, true);
});
