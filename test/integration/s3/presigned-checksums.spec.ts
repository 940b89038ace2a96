import { beforeAll, expect, it, jest } from '@jest/globals';

import { expectStatus, freshId, type Json, type TestTenant } from '../../support/api.js';
import { CEPH_PROGRAMS, CEPH_START_MS } from '../../support/ceph.js';
import { eventually } from '../../support/eventually.js';
import { pattern } from '../../support/gateway-inside.js';
import {
  begin,
  complete,
  contentOf,
  declared,
  onCeph,
  PART_BYTES,
  send,
  sendAll,
  usageOf,
  type Target,
} from '../../support/presigned.js';
import { describeWith } from '../../support/programs.js';
import { sharedGateway } from '../../support/shared-gateway.js';

jest.setTimeout(CEPH_START_MS);

const FIELD = 'x-amz-checksum-sha256';

function base64(hex: string): string {
  return Buffer.from(hex, 'hex').toString('base64');
}

describeWith(CEPH_PROGRAMS, 'PS-13: the SHA-256 of an upload that goes to Ceph by URL', () => {
  const { root } = sharedGateway();
  let tenant: TestTenant;

  beforeAll(async () => {
    tenant = await onCeph(root);
  });

  /** Nothing of a refused upload is there or counted. */
  async function expectNothing(upload: Json, before: Json): Promise<void> {
    expect((await complete(tenant.editor, upload)).status).toBe(410);
    expectStatus(await tenant.viewer.get(`/v1/sources/${upload.source_id as string}`), 404);
    expect(await usageOf(tenant)).toEqual(before);
  }

  it('is a header that has to be sent as it was signed, and no parameter that nobody looks at', async () => {
    const bytes = pattern(1000);
    const wish = declared(bytes);
    const upload = await begin(tenant.editor, { ...wish, source_id: freshId('doc') });
    const { url, headers } = upload as Target;
    const query = new URL(url).searchParams;
    expect(headers[FIELD]).toBe(base64(wish.checksum_sha256));
    expect(query.get('X-Amz-SignedHeaders')?.split(';')).toContain(FIELD);
    expect([...query.keys()].filter((name) => /checksum/i.test(name))).toEqual([]);

    const others = Object.fromEntries(Object.entries(headers).filter(([name]) => name !== FIELD));
    const another = base64(declared(pattern(1000, 8)).checksum_sha256);
    // Left out, changed, or moved to where nobody looks: the signature is another then.
    expect((await send({ url, headers: others }, bytes)).status).toBe(403);
    expect((await send({ url, headers }, pattern(1000, 8), { [FIELD]: another })).status).toBe(403);
    const moved = `${url}&${FIELD}=${encodeURIComponent(headers[FIELD] ?? '')}`;
    expect((await send({ url: moved, headers: others }, bytes)).status).toBe(403);

    expect((await complete(tenant.editor, upload)).json.code).toBe('upload_not_received');
    expect((await send({ url, headers }, bytes)).status).toBe(200);
    expectStatus(await complete(tenant.editor, upload), 200);
    expect((await contentOf(tenant.viewer, upload.source_id as string)).equals(bytes)).toBe(true);
  });

  it.each([1, 1000, 2 * PART_BYTES])(
    'is compared with %i bytes that came, at the completion at the latest',
    async (size) => {
      const before = await usageOf(tenant);
      const bytes = pattern(size);
      const id = freshId('doc');
      const upload = await begin(tenant.editor, { ...declared(bytes), source_id: id });
      const other = Buffer.from(bytes);
      // Of the right size and type; one bit is another.
      other.writeUInt8(other.readUInt8(size - 1) ^ 1, size - 1);
      const isTaken = await sendAll(upload, other).then(
        () => true,
        (refused: unknown) => {
          expect(String(refused)).toMatch(/refused: 4\d\d/);
          return false;
        },
      );
      const done = await complete(tenant.editor, upload);
      // Older releases store what they are told; one that compares by itself has taken nothing.
      expect([done.status, done.json.code]).toEqual(
        isTaken ? [422, 'checksum_mismatch'] : [409, 'upload_not_received'],
      );
      if (!isTaken)
        expectStatus(await tenant.editor.delete(`/v1/uploads/${upload.upload_id as string}`), 204);
      await expectNothing(upload, before);
      await eventually('the id can be used', async () => (await tenant.editor.put(id, 'x')).status === 201);
    },
  );

  it('leaves what was there when a replacement has another', async () => {
    const id = freshId('doc');
    const old = await tenant.editor.put(id, 'old');
    expectStatus(old, 201);
    const bytes = pattern(1000);
    const upload = await begin(tenant.editor, { ...declared(bytes), source_id: id });
    const { status } = await send(upload as Target, pattern(1000, 8));
    const code = status < 300 ? 'checksum_mismatch' : 'upload_not_received';
    expect((await complete(tenant.editor, upload)).json.code).toBe(code);
    expect((await contentOf(tenant.viewer, id)).toString()).toBe('old');
    expect((await tenant.viewer.get(`/v1/sources/${id}`)).json.etag).toBe(old.json.etag);
  });
});
