import { beforeAll, describe, expect, it, jest } from '@jest/globals';
import { createHash, randomBytes } from 'node:crypto';

import { freshId, makeTenant, type TestTenant } from '../support/api.js';
import { eventually } from '../support/eventually.js';
import { sha256 } from '../support/gateway-inside.js';
import { BUCKET_START_MS } from '../support/run-bucket.js';
import { sharedGateway } from '../support/shared-gateway.js';
import { objectsOf, untilObjects } from '../support/tenant-objects.js';
import { askUpload, offsetOf } from '../support/tus.js';
import { startUpload } from '../support/tus-client.js';

jest.setTimeout(BUCKET_START_MS);

const gateway = sharedGateway();
const { root, url } = gateway;
const MIB = 2 ** 20;
const LARGE = randomBytes(16 * MIB + 3);
const ODD_NAME = 'Übersicht – 日本語 "x" 😀.pdf';

describe('UP-18: tus-js-client', () => {
  let tenant: TestTenant;

  beforeAll(async () => {
    tenant = await makeTenant(root);
  });

  const pathOf = (uploadUrl: string): string => new URL(uploadUrl).pathname;
  const sourceOf = async (uploadUrl: string): Promise<Record<string, unknown>> => {
    const { editor, viewer } = tenant;
    const id = (await askUpload(editor, pathOf(uploadUrl))).headers.get('upload-source-id') ?? '';
    return (await viewer.get(`/v1/sources/${id}`)).json as Record<string, unknown>;
  };
  const contentOf = async (uploadUrl: string): Promise<Buffer> => {
    const { source_id: id } = await sourceOf(uploadUrl);
    return (await tenant.viewer.get(`/v1/sources/${String(id)}/content`)).bytes;
  };

  it.each([
    [0, MIB],
    [1, MIB],
    [65_535, 65_536],
    [65_537, 65_536],
    [5 * MIB - 1, MIB],
    [5 * MIB, MIB],
    [5 * MIB + 1, 2 * MIB],
    [5 * MIB + 1, Infinity],
    [10 * MIB, 5 * MIB],
    [11 * MIB, 3 * MIB + 1],
    [LARGE.length, Infinity],
    [LARGE.length, MIB],
  ])('UP-16: takes %s bytes in chunks of %s, and leaves one object', async (size, chunkSize) => {
    const before = (await objectsOf(gateway, tenant.admin)).length;
    const bytes = LARGE.subarray(0, size);
    const uploadUrl = await startUpload(tenant.editor, bytes, { chunkSize }).done;
    expect(await sourceOf(uploadUrl)).toMatchObject({
      status: 'available',
      size_bytes: size,
      checksum_sha256: sha256(bytes),
      version: 1,
    });
    expect((await contentOf(uploadUrl)).equals(bytes)).toBe(true);
    await untilObjects(gateway, tenant.admin, before + 1);
  });

  it('takes the bytes with the creation', async () => {
    const bytes = LARGE.subarray(0, 7 * MIB);
    const options = { uploadDataDuringCreation: true, chunkSize: 3 * MIB };
    const uploadUrl = await startUpload(tenant.uploader, bytes, options).done;
    const id = (await askUpload(tenant.uploader, pathOf(uploadUrl))).headers.get('upload-source-id');
    const source = (await tenant.viewer.get(`/v1/sources/${String(id)}`)).json;
    expect([source.status, source.checksum_sha256]).toEqual(['available', sha256(bytes)]);
  });

  it('DL-01: keeps names in any script, and what else is said of the file', async () => {
    const id = freshId('doc');
    const metadata = { filename: ODD_NAME, filetype: 'application/pdf', source_id: id };
    const uploadUrl = await startUpload(tenant.editor, LARGE.subarray(0, 10), { metadata }).done;
    expect(await sourceOf(uploadUrl)).toMatchObject({
      name: ODD_NAME,
      content_type: 'application/pdf',
      external_id: id,
    });
  });

  it('goes on after an abort where the gateway says, and sends little twice', async () => {
    const { editor } = tenant;
    const first = startUpload(editor, LARGE, {
      chunkSize: MIB,
      onChunkComplete: (_size, accepted) => {
        if (accepted >= 7 * MIB) void first.upload.abort();
      },
    });
    const stoodAt = await eventually('the upload has stood still', async () => {
      if (first.upload.url === null) return null;
      const offset = await offsetOf(editor, pathOf(first.upload.url));
      return offset >= 7 * MIB && offset === (await offsetOf(editor, pathOf(first.upload.url)))
        ? offset
        : null;
    });
    const sent: number[] = [];
    const second = startUpload(editor, LARGE, {
      uploadUrl: first.upload.url,
      chunkSize: MIB,
      onChunkComplete: (size) => sent.push(size),
    });
    const uploadUrl = await second.done;
    expect(uploadUrl).toBe(first.upload.url);
    expect(sent.reduce((sum, size) => sum + size, 0)).toBe(LARGE.length - stoodAt);
    expect((await contentOf(uploadUrl)).equals(LARGE)).toBe(true);
  });

  it('goes on after an abort in the middle of a request', async () => {
    const { editor } = tenant;
    let isAborted = false;
    const first = startUpload(editor, LARGE, {
      chunkSize: Infinity,
      onProgress: (sent) => {
        if (sent < 6 * MIB || isAborted) return;
        isAborted = true;
        void first.upload.abort();
      },
    });
    await eventually('the upload is aborted', async () => isAborted);
    const uploadUrl = await startUpload(editor, LARGE, { uploadUrl: first.upload.url }).done;
    expect((await contentOf(uploadUrl)).equals(LARGE)).toBe(true);
  });

  it('takes several at once', async () => {
    const parts = [0, 1, 2, 3, 4].map((index) => LARGE.subarray(index * MIB, index * MIB + 6 * MIB + index));
    const urls = await Promise.all(
      parts.map((bytes) => startUpload(tenant.editor, bytes, { chunkSize: MIB }).done),
    );
    const contents = await Promise.all(urls.map((uploadUrl) => contentOf(uploadUrl)));
    expect(contents.map((bytes) => sha256(bytes))).toEqual(parts.map((bytes) => sha256(bytes)));
  });

  it('UP-04, UP-17: leaves nothing of an upload that was terminated', async () => {
    const { editor } = tenant;
    const before = (await objectsOf(gateway, tenant.admin)).length;
    const { upload } = startUpload(editor, LARGE, { chunkSize: 2 * MIB });
    await eventually('some of it has come', async () => {
      if (upload.url === null) return null;
      return (await offsetOf(editor, pathOf(upload.url))) >= 8 * MIB;
    });
    await upload.abort(true);
    expect((await askUpload(editor, pathOf(upload.url ?? ''))).status).toBe(410);
    await untilObjects(gateway, tenant.admin, before);
  });

  it('UP-08: holds a request to its checksum', async () => {
    const { editor } = tenant;
    const bytes = LARGE.subarray(0, 12 * MIB);
    const with_ = (checksummed: Buffer) =>
      startUpload(editor, bytes, {
        chunkSize: Infinity,
        retryDelays: null,
        onBeforeRequest: (request) => {
          const digest = createHash('sha256').update(checksummed).digest('base64');
          if (request.getMethod() === 'PATCH') request.setHeader('Upload-Checksum', `sha256 ${digest}`);
        },
      });
    const wrong = with_(LARGE);
    await expect(wrong.done).rejects.toThrow(/460/);
    expect(await offsetOf(editor, pathOf(wrong.upload.url ?? ''))).toBe(0);
    expect((await contentOf(await with_(bytes).done)).equals(bytes)).toBe(true);
  });

  it('AZ-01: is nobody else’s to go on with', async () => {
    const { editor, admin } = tenant;
    const { upload } = startUpload(editor, LARGE, {
      chunkSize: MIB,
      onChunkComplete: () => void upload.abort(),
    });
    await eventually('some of it has come', async () => {
      if (upload.url === null) return null;
      return (await offsetOf(editor, pathOf(upload.url))) > 0;
    });
    const stranger = (await makeTenant(root)).editor;
    for (const caller of [stranger, admin]) {
      const other = startUpload(caller, LARGE, {
        endpoint: null,
        uploadUrl: `${url}${pathOf(upload.url ?? '')}`,
        retryDelays: null,
      });
      await expect(other.done).rejects.toThrow(/404|without an endpoint/);
    }
  });
});
