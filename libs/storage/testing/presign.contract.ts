import { describe, expect, it } from '@jest/globals';
import type { ObjectPresigner, ObjectStorage, PresignedRequest } from '#storage';
import type { StorageUnderTest } from './opened-storage.js';
import { MIB, chunksOf, newKey, readStream, sampleBytes, sha256 } from './samples.js';
import { uploadsOf } from './upload-helpers.js';

const SIZES = [0, 1, 6 * MIB];
const NAME = `attachment; filename="r?sum? - ?? 'x'.pdf"; filename*=UTF-8''r%C3%A9sum%C3%A9%20%E6%97%A5%22x%22.pdf`;

function soon(): { expiresInSeconds: number; nowMs: number } {
  return { expiresInSeconds: 600, nowMs: Date.now() };
}

/** Sends a presigned request like an ordinary HTTP client; `changed` headers replace what was asked for. */
function follow(
  { url, method, headers }: PresignedRequest,
  body?: Buffer,
  changed: Readonly<Record<string, string>> = {},
): Promise<Response> {
  const init = { method, headers: { ...headers, ...changed } };
  return fetch(url, body === undefined ? init : { ...init, body: new Uint8Array(body) });
}

async function statusOf(answer: Promise<Response>): Promise<number> {
  const { status, body } = await answer;
  await body?.cancel();
  return status;
}

async function bytesOf(answer: Response): Promise<Buffer> {
  return Buffer.from(await answer.arrayBuffer());
}

async function stored(storage: ObjectStorage, key: Parameters<ObjectStorage['get']>[0]): Promise<Buffer> {
  return readStream(await storage.get(key));
}

function presignerOf({ presigner }: ObjectStorage): ObjectPresigner {
  if (presigner === null) throw new Error('The storage presigns nothing');
  return presigner;
}

/** What presigned URLs promise, where the backend serves any. */
export function describePresign(opened: StorageUnderTest): void {
  describe('presign', () => {
    it('lets whoever has the URL read the object, whole and in ranges', async () => {
      const { storage } = opened();
      const presigner = presignerOf(storage);
      const [key, bytes] = [newKey(), sampleBytes(200_000)];
      await storage.put(key, chunksOf(bytes));
      const request = presigner.presignGet(key, soon());
      expect((await bytesOf(await follow(request))).equals(bytes)).toBe(true);
      const part = await follow(request, undefined, { range: 'bytes=100-199999' });
      expect([part.status, (await bytesOf(part)).equals(bytes.subarray(100))]).toEqual([206, true]);
      if (!presigner.answersSuffixRanges) return;
      const end = await follow(request, undefined, { range: 'bytes=-100' });
      expect([end.status, (await bytesOf(end)).equals(bytes.subarray(-100))]).toEqual([206, true]);
    });

    it('answers a download with the name and the type that were asked for', async () => {
      const { storage } = opened();
      const presigner = presignerOf(storage);
      const key = newKey();
      await storage.put(key, chunksOf(sampleBytes(10)));
      const overrides = { contentDisposition: NAME, contentType: 'text/plain; charset=utf-8' };
      const answer = await follow(presigner.presignGet(key, { ...soon(), ...overrides }));
      await answer.body?.cancel();
      expect(answer.headers.get('content-disposition')).toBe(NAME);
      expect(answer.headers.get('content-type')).toBe('text/plain; charset=utf-8');
    });

    it.each(SIZES)(
      'PS-12 takes an upload of %i bytes, and signs no checksum of an empty one',
      async (size) => {
        const { storage } = opened();
        const presigner = presignerOf(storage);
        const [key, bytes] = [newKey(), sampleBytes(size)];
        const request = presigner.presignPut(key, { ...soon(), sizeBytes: size });
        expect(`${request.url} ${Object.keys(request.headers).join(' ')}`).not.toMatch(/checksum|crc32|md5/i);
        expect(await statusOf(follow(request, bytes))).toBeLessThan(300);
        expect((await stored(storage, key)).equals(bytes)).toBe(true);
      },
    );

    it('PS-11 refuses an upload of another size than it is bound to, and stores nothing', async () => {
      const { storage } = opened();
      const presigner = presignerOf(storage);
      const [key, bytes] = [newKey(), sampleBytes(1000)];
      const request = presigner.presignPut(key, { ...soon(), sizeBytes: 1000, contentType: 'text/plain' });
      const bound = (request.headers['content-length'] ?? '') !== '';
      if (bound)
        expect(await statusOf(follow(request, sampleBytes(1001), { 'content-length': '1001' }))).toBe(403);
      expect(await storage.head(key)).toBeNull();
      expect(await statusOf(follow(request, bytes))).toBeLessThan(300);
      expect((await stored(storage, key)).equals(bytes)).toBe(true);
    });

    it('PS-10 writes once with one URL, where it says that it does', async () => {
      const { storage } = opened();
      const presigner = presignerOf(storage);
      const [key, bytes] = [newKey(), sampleBytes(1000)];
      const request = presigner.presignPut(key, soon());
      expect(await statusOf(follow(request, bytes))).toBeLessThan(300);
      const again = await statusOf(follow(request, sampleBytes(1000, 2)));
      if (!request.writesOnce) return;
      expect(again).toBeGreaterThanOrEqual(400);
      // Nor without what the URL asks for.
      expect(await statusOf(follow({ ...request, headers: {} }, sampleBytes(1000, 3)))).toBeGreaterThan(399);
      expect((await stored(storage, key)).equals(bytes)).toBe(true);
    });

    it('PS-11 refuses an upload of another type than it is bound to, or shows the type that it has', async () => {
      const { storage } = opened();
      const presigner = presignerOf(storage);
      const [key, declared] = [newKey(), 'text/plain; charset=utf-8'];
      const request = presigner.presignPut(key, { ...soon(), contentType: declared });
      expect(request.headers['content-type']).toBe(declared);
      const other = await statusOf(follow(request, sampleBytes(10), { 'content-type': 'text/html' }));
      const type = (await storage.head(key))?.contentType;
      expect([other, type]).toEqual(other === 403 ? [403, undefined] : [201, 'text/html']);
      if (other === 403) expect(await statusOf(follow(request, sampleBytes(10)))).toBeLessThan(300);
    });

    it('UP-08, PS-13 has declared checksums verified by the backend, where it says that it does', async () => {
      const { storage } = opened();
      const presigner = presignerOf(storage);
      if (!storage.capabilities.checksums.includes('sha256')) return;
      const [key, bytes] = [newKey(), sampleBytes(1000)];
      const request = presigner.presignPut(key, { ...soon(), checksumSha256: sha256(bytes) });
      expect(await statusOf(follow(request, sampleBytes(1000, 2)))).toBeGreaterThanOrEqual(400);
      expect(await storage.head(key)).toBeNull();
      expect(await statusOf(follow(request, bytes))).toBeLessThan(300);
    });

    it('takes parts of a multipart upload', async () => {
      const { storage } = opened();
      const [presigner, uploads] = [presignerOf(storage), uploadsOf(storage)];
      const [key, bodies] = [newKey(), [uploads.part(1), sampleBytes(17)]];
      const uploadId = await uploads.multipart.create(key);
      const parts = bodies.map(async (bytes, index) => {
        const sizeBytes = bytes.length;
        const request = presigner.presignPart(key, uploadId, index + 1, { ...soon(), sizeBytes });
        const answer = await follow(request, bytes);
        await answer.body?.cancel();
        expect(answer.status).toBeLessThan(300);
        return { partNumber: index + 1, sizeBytes, entityTag: answer.headers.get('etag') ?? '' };
      });
      await uploads.multipart.complete(key, uploadId, await Promise.all(parts));
      expect((await stored(storage, key)).equals(Buffer.concat(bodies))).toBe(true);
    });

    it('opens one object, for one purpose, until it expires', async () => {
      const { storage } = opened();
      const presigner = presignerOf(storage);
      const [key, other] = [newKey(), newKey()];
      await storage.put(key, chunksOf(sampleBytes(10)));
      await storage.put(other, chunksOf(sampleBytes(20)));
      const request = presigner.presignGet(key, soon());
      const elsewhere = { ...request, url: request.url.replace(key, other) };
      expect(elsewhere.url).not.toBe(request.url);
      expect(await statusOf(follow(elsewhere))).toBe(403);
      expect(await statusOf(fetch(request.url, { method: 'DELETE' }))).toBe(403);
      const { headers } = presigner.presignPut(key, soon());
      expect(await statusOf(follow({ ...request, method: 'PUT', headers }, sampleBytes(5)))).toBe(403);
      const past = { expiresInSeconds: 60, nowMs: Date.now() - 120_000 };
      expect(await statusOf(follow(presigner.presignGet(key, past)))).toBe(403);
      expect((await storage.head(key))?.sizeBytes).toBe(10);
      expect(await statusOf(follow(presigner.presignGet(newKey(), soon())))).toBe(404);
    });

    it('signs the same at the same time, and says when it ends', () => {
      const { storage } = opened();
      const presigner = presignerOf(storage);
      const [key, when] = [newKey(), { expiresInSeconds: 90, nowMs: Date.UTC(2030, 0, 1, 12) }];
      const request = presigner.presignGet(key, when);
      expect(presigner.presignGet(key, when)).toEqual(request);
      expect(request.expiresAt).toEqual(new Date(when.nowMs + 90_000));
    });
  });
}
