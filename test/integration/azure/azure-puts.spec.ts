import { afterAll, afterEach, beforeAll, expect, it, jest } from '@jest/globals';
import type { ContainerClient } from '@azure/storage-blob';
import { type ObjectStorage, parseKeyPrefix } from '#storage';
import { MIB, chunksOf, codeOf, newKey, readStream, sampleBytes, sha256 } from '#storage/testing';

import { azureSettings, containerBeside, everythingIn, openAzure } from '../../support/azure-storage.js';
import { describeWithAzurite, sharedAzurite } from '../../support/azurite.js';
import { LosingProxy } from '../../support/losing-proxy.js';

jest.setTimeout(120_000);

async function* thenFails(bytes: Buffer): AsyncGenerator<Buffer> {
  yield* chunksOf(bytes);
  throw new Error('reset');
}

describeWithAzurite('puts to Azure', () => {
  let proxy: LosingProxy;
  let container: ContainerClient;
  let settings: Record<string, unknown>;
  let storage: ObjectStorage;
  beforeAll(async () => {
    const { account } = await sharedAzurite();
    settings = azureSettings(account);
    container = containerBeside(account, settings['bucket']);
    proxy = await LosingProxy.open(account.endpoint);
    storage = await openAzure({ ...settings, endpoint: `${proxy.url}/${account.accountName}` });
  });
  afterEach(() => proxy.loseAnswers(() => false, 0));
  afterAll(async () => {
    await storage.release();
    await container.delete();
    await proxy.close();
  });

  it.each([10 * MIB, 10 * MIB + 1, 64 * MIB])(
    'UP-16 sends %i bytes of unknown length in blocks',
    async (size) => {
      const [key, bytes] = [newKey(), sampleBytes(size)];
      proxy.calls.length = 0;
      const result = await storage.put(key, chunksOf(bytes));
      expect(result).toEqual({ sizeBytes: size, checksumSha256: sha256(bytes) });
      expect(proxy.calls.filter((call) => call.includes('comp=block&'))).toHaveLength(
        Math.ceil(size / (5 * MIB)),
      );
      expect((await readStream(await storage.get(key))).equals(bytes)).toBe(true);
    },
  );

  it('keeps 16 large puts at once apart, in memory that does not grow with them', async () => {
    const frugal = await openAzure(settings, 4);
    const objects = Array.from({ length: 16 }, (_, seed) => ({
      key: newKey(),
      mebibyte: sampleBytes(MIB, seed),
    }));
    const before = process.memoryUsage().arrayBuffers;
    let most = 0;
    async function* repeated(mebibyte: Buffer): AsyncGenerator<Buffer> {
      for (let times = 0; times < 16; times += 1) {
        most = Math.max(most, process.memoryUsage().arrayBuffers);
        yield mebibyte;
      }
    }
    const puts = objects.map(({ key, mebibyte }) => frugal.put(key, repeated(mebibyte)));
    const results = await Promise.all(puts);
    // A buffer for each, four that are shared, and room for what waits to be collected; the bodies have 256 MiB.
    expect(most - before).toBeLessThan(20 * 5 * MIB + 64 * MIB);
    for (const [at, { key, mebibyte }] of objects.entries()) {
      const bytes = Buffer.concat(Array.from({ length: 16 }, () => mebibyte));
      expect(results[at]?.checksumSha256).toBe(sha256(bytes));
      expect((await readStream(await storage.get(key))).equals(bytes)).toBe(true);
    }
    await frugal.release();
  });

  it('UP-04 leaves no block behind when a large put breaks', async () => {
    const before = await everythingIn(container);
    expect(await codeOf(storage.put(newKey(), thenFails(sampleBytes(12 * MIB))))).toBe('upload_incomplete');
    expect(await everythingIn(container)).toEqual(before);
  });

  it('UP-12 has one winner among large puts of one key, and keeps its bytes', async () => {
    const key = newKey();
    const versions = [1, 2, 3].map((seed) => sampleBytes(11 * MIB, seed));
    const codes = await Promise.all(versions.map((bytes) => codeOf(storage.put(key, chunksOf(bytes)))));
    expect(codes.toSorted()).toEqual(['object_exists', 'object_exists', 'resolved']);
    const kept = await readStream(await storage.get(key));
    expect(versions.findIndex((bytes) => bytes.equals(kept))).toBe(codes.indexOf('resolved'));
  });

  it.each([
    ['a small put', 1_000, 'PUT', /\/contract\/[^?]*$/],
    ['a block', 12 * MIB, 'PUT', /comp=block&/],
    ['the commitment of blocks', 12 * MIB, 'PUT', /comp=blocklist/],
  ])('ST-12 makes up for a lost answer to %s', async (_, size, method, url) => {
    const [key, bytes] = [newKey(), sampleBytes(size)];
    let lost = 0;
    proxy.loseAnswers((call) => call.method === method && url.test(call.url) && ++lost === 1);
    await storage.put(key, chunksOf(bytes));
    expect(lost).toBeGreaterThan(0);
    expect((await readStream(await storage.get(key))).equals(bytes)).toBe(true);
  });

  it.each([1_000, 12 * MIB])(
    'ST-12 takes back %i bytes that were stored when no answer ever comes',
    async (size) => {
      const key = newKey();
      const last = size > MIB ? /comp=blocklist/ : /\/contract\/[^?]*$/;
      proxy.loseAnswers((call) => call.method === 'PUT' && last.test(call.url), 3);
      expect(await codeOf(storage.put(key, chunksOf(sampleBytes(size))))).toBe('storage_unavailable');
      expect(await storage.head(key)).toBeNull();
    },
  );

  it('ST-12 makes up for lost answers to a copy and to the completion of an upload', async () => {
    const [from, to, key] = [newKey(), newKey(), newKey()];
    await storage.put(from, chunksOf(sampleBytes(100)));
    const isCopy = ({ method, url }: { method: string; url: string }) =>
      method === 'PUT' && !url.includes('comp=');
    proxy.loseAnswers(isCopy);
    expect((await storage.copy(from, to))?.sizeBytes).toBe(100);
    const uploadId = (await storage.multipart?.create(key)) ?? '';
    const part = await storage.multipart?.putPart(key, uploadId, 1, chunksOf(sampleBytes(50)), {
      sizeBytes: 50,
    });
    proxy.loseAnswers(({ url }) => url.includes('comp=blocklist'));
    const head = await storage.multipart?.complete(key, uploadId, part === undefined ? [] : [part]);
    expect(head).toEqual(await storage.head(key));
    expect((await storage.multipart?.listUnfinished(parseKeyPrefix('contract')))?.uploads).toEqual([]);
  });
});
