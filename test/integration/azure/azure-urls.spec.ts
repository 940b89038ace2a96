import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { formatContentDisposition } from '#http';
import type { ObjectPresigner, ObjectStorage } from '#storage';
import { chunksOf, newKey, readStream, sampleBytes } from '#storage/testing';

import { azureSettings, containerBeside, openAzure } from '../../support/azure-storage.js';
import { type AzureAccount, describeWithAzurite, sharedAzurite } from '../../support/azurite.js';
import { parseDisposition } from '../../support/disposition.js';

const NAME = 'résumé – 日本 "x".pdf';
const OPENING_MS = 90_000;

function soon(): { expiresInSeconds: number; nowMs: number } {
  return { expiresInSeconds: 600, nowMs: Date.now() };
}

async function sent(url: string, headers: Readonly<Record<string, string>>, body: Buffer): Promise<number> {
  const answer = await fetch(url, { method: 'PUT', headers, body: new Uint8Array(body) });
  await answer.body?.cancel();
  return answer.status;
}

describeWithAzurite('URLs with a shared access signature', () => {
  let account: AzureAccount;
  let settings: Record<string, unknown>;
  let storage: ObjectStorage;
  let presigner: ObjectPresigner;
  beforeAll(async () => {
    ({ account } = await sharedAzurite());
    settings = azureSettings(account, { prefix: 'below/here' });
    storage = await openAzure(settings);
    presigner = storage.presigner as ObjectPresigner;
  }, OPENING_MS);
  afterAll(async () => {
    await storage.release();
    await containerBeside(account, settings['bucket']).delete();
  });

  it('DL-01 DL-03 give a download its name, whatever is in it, and its type', async () => {
    const [key, bytes] = [newKey(), sampleBytes(100_000)];
    await storage.put(key, chunksOf(bytes));
    const { url } = presigner.presignGet(key, {
      ...soon(),
      contentDisposition: formatContentDisposition('attachment', NAME),
      contentType: 'application/pdf',
    });
    const answer = await fetch(url);
    expect(Buffer.from(await answer.arrayBuffer()).equals(bytes)).toBe(true);
    const field = answer.headers.get('content-disposition') ?? '';
    expect(parseDisposition(field)).toMatchObject({ type: 'attachment', best: NAME });
    expect(answer.headers.get('content-type')).toBe('application/pdf');
  });

  it('PS-05 fail when the name, the type, the right or the end in them is another', async () => {
    const key = newKey();
    await storage.put(key, chunksOf(sampleBytes(10)));
    const { url } = presigner.presignGet(key, {
      ...soon(),
      contentDisposition: 'inline',
      contentType: 'a/b',
    });
    expect((await fetch(url)).status).toBe(200);
    const tampered = [
      url.replace('rscd=inline', 'rscd=attachment'),
      url.replace('rsct=a%2Fb', 'rsct=text%2Fhtml'),
      url.replace('sp=r&', 'sp=rw&'),
      url.replace(/se=\d{4}/, 'se=2099'),
    ];
    for (const other of tampered) {
      expect(other).not.toBe(url);
      expect((await fetch(other)).status).toBe(403);
    }
  });

  it('PS-08 PS-06 have no beginning, and end on the second that they say', () => {
    const nowMs = Date.UTC(2030, 0, 1, 12, 0, 0, 999);
    const { url, expiresAt } = presigner.presignGet(newKey(), { expiresInSeconds: 60, nowMs });
    const query = new URL(url).searchParams;
    expect(expiresAt.toISOString()).toBe('2030-01-01T12:01:00.000Z');
    expect([query.get('st'), query.get('se'), query.get('sr')]).toEqual([null, '2030-01-01T12:01:00Z', 'b']);
  });

  it('PS-10 PS-12 create an object once, and never replace it', async () => {
    const [key, bytes] = [newKey(), sampleBytes(1_000)];
    const { url, headers } = presigner.presignPut(key, soon());
    expect(await sent(url, headers, bytes)).toBe(201);
    expect(await sent(url, headers, sampleBytes(1_000, 2))).toBe(403);
    expect((await readStream(await storage.get(key))).equals(bytes)).toBe(true);
  });

  it('PS-10 for a part lead to the upload, and nowhere once it is complete', async () => {
    const [key, bytes] = [newKey(), sampleBytes(1_000)];
    const uploads = storage.multipart;
    const uploadId = (await uploads?.create(key)) ?? '';
    const { url, headers } = presigner.presignPart(key, uploadId, 1, soon());
    expect(await sent(url, headers, bytes)).toBe(201);
    await uploads?.complete(key, uploadId, [{ partNumber: 1, sizeBytes: 1_000, entityTag: '' }]);
    // The right in such a URL is to write all of its blob, which is not the object.
    const whole = url.replace(/&comp=block.*/, '');
    await sent(url, headers, sampleBytes(1_000, 2));
    await sent(whole, { 'x-ms-blob-type': 'BlockBlob' }, sampleBytes(1_000, 3));
    const onObject = whole.replace(/\/\.uploads(\/.*)\/[0-9a-f]{32}/, '$1');
    expect(onObject).toContain(`/${key}?`);
    expect(await sent(onObject, { 'x-ms-blob-type': 'BlockBlob' }, sampleBytes(1_000, 4))).toBe(403);
    expect((await readStream(await storage.get(key))).equals(bytes)).toBe(true);
    expect((await storage.removeUnfinished(-60_000)).failed).toBe(0);
    expect(
      await uploads?.complete(key, uploadId, [{ partNumber: 1, sizeBytes: 1_000, entityTag: '' }]),
    ).toEqual(await storage.head(key));
  });
});
