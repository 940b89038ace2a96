import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { CodedError } from '#kernel';
import { type ObjectStorage, parseKeyPrefix } from '#storage';
import { chunksOf, codeOf, guarded, newKey, readStream, sampleBytes } from '#storage/testing';

import { answerEndlessly } from '../../support/endless-answer.js';
import { FakeAzure } from '../../support/fake-azure.js';

const MIB = 1024 * 1024;
const LIST = '<?xml version="1.0"?><EnumerationResults><Prefix>';

describe('IV-17 answers of a blob service', () => {
  let fake: FakeAzure;
  let storage: ObjectStorage;
  beforeEach(async () => {
    fake = await FakeAzure.open();
    storage = guarded(await fake.openStorage());
  });
  afterEach(async () => {
    await storage.release();
    await fake.close();
  });

  const calls: [string, number, string, () => Promise<unknown>][] = [
    ['an error to a get', 400, '<Error><Code>X</Code><Message>', () => storage.get(newKey())],
    ['an error to a put', 403, '<Error><Code>', () => storage.put(newKey(), chunksOf(sampleBytes(10)))],
    ['an error to a put that is repeated', 503, '', () => storage.put(newKey(), chunksOf(sampleBytes(10)))],
    ['an error to a removal', 500, '<Error>', () => storage.remove(newKey())],
    ['an error to a list', 400, LIST, () => storage.list(parseKeyPrefix('contract'))],
    ['a list', 200, LIST, () => storage.list(parseKeyPrefix('contract'))],
    ['an answer to a put', 201, '', () => storage.put(newKey(), chunksOf(sampleBytes(10)))],
  ];
  it.each(calls)('are given up long before 100 MiB of %s', async (_what, status, start, call) => {
    const ends: Promise<boolean>[] = [];
    fake.script = (response, { method }) => {
      // The answer to HEAD has no body.
      if (method === 'HEAD') response.writeHead(404, { 'x-ms-error-code': 'BlobNotFound' }).end();
      else ends.push(answerEndlessly(response, status, start));
    };
    const before = process.memoryUsage().arrayBuffers;
    expect(await codeOf(call())).toBe('storage_unavailable');
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(50 * MIB);
    expect(ends.length).toBeGreaterThan(0);
    expect(new Set(await Promise.all(ends))).toEqual(new Set([false]));
  });

  it('may be as long as they like when they are content', async () => {
    const bytes = sampleBytes(40 * MIB);
    fake.script = (response) =>
      void response.writeHead(200, { 'content-length': String(bytes.length), etag: '"e"' }).end(bytes);
    expect((await readStream(await storage.get(newKey()))).equals(bytes)).toBe(true);
  });

  it('ST-14 are asked for again as the service asks, three times at most, and callers hear when to come back', async () => {
    const arrivals: number[] = [];
    const busy = (seconds: string): void => {
      fake.script = (response) => {
        arrivals.push(performance.now());
        response.writeHead(503, { 'x-ms-error-code': 'ServerBusy', 'retry-after': seconds }).end();
      };
    };
    busy('1');
    const failure: unknown = await storage.head(newKey()).catch((error: unknown) => error);
    expect(failure).toMatchObject({ kind: { code: 'storage_unavailable' }, retryAfterSeconds: 1 });
    expect(arrivals).toHaveLength(3);
    for (const [at, arrival] of arrivals.slice(1).entries())
      expect(arrival - (arrivals[at] ?? NaN)).toBeGreaterThan(990);
    busy('30');
    const refused: unknown = await storage.head(newKey()).catch((error: unknown) => error);
    expect([(refused as CodedError).retryAfterSeconds, arrivals.length]).toEqual([30, 4]);
  });

  it('PS-08 tell the time: URLs are signed for it, and a refusal because of it is told as such', async () => {
    const dated = (minutes: number) => ({ date: new Date(Date.now() + minutes * 60_000).toUTCString() });
    const wish = { nowMs: Math.floor(Date.now() / 1000) * 1000, expiresInSeconds: 60 };
    const endOf = (url: string) => Date.parse(new URL(url).searchParams.get('se') ?? '');
    const { presigner } = storage;
    expect(endOf(presigner?.presignGet(newKey(), wish).url ?? '')).toBe(wish.nowMs + 60_000);
    const absent = { 'x-ms-error-code': 'BlobNotFound', ...dated(10) };
    fake.script = (response) => void response.writeHead(404, absent).end();
    await storage.head(newKey());
    const signed = presigner?.presignGet(newKey(), wish);
    expect(Math.abs(endOf(signed?.url ?? '') - wish.nowMs - 11 * 60_000)).toBeLessThan(5_000);
    expect(signed?.expiresAt.getTime()).toBe(wish.nowMs + 60_000);
    const refusal = { 'x-ms-error-code': 'AuthenticationFailed', ...dated(-20) };
    fake.script = (response) => void response.writeHead(403, refusal).end();
    expect(await codeOf(storage.head(newKey()))).toBe('storage_clock_skewed');
    expect(() => presigner?.presignGet(newKey(), wish)).toThrow('differ by 20 minutes');
  });

  it('ST-11 are broken streams when they end early', async () => {
    const bytes = sampleBytes(2 * MIB);
    fake.script = (response) => {
      response.writeHead(200, { 'content-length': String(bytes.length), etag: '"e"' });
      response.write(bytes.subarray(0, MIB), () => response.destroy());
    };
    const body = await storage.get(newKey());
    expect(await codeOf(readStream(body))).toMatch(/^(storage|content)_unavailable$/);
  });

  it('ST-12 are asked for again when the connection breaks before them', async () => {
    const failures = [0, 1];
    fake.script = (response) => {
      if (failures.pop() === undefined) response.writeHead(201).end();
      else response.socket?.resetAndDestroy();
    };
    expect(await storage.put(newKey(), chunksOf(sampleBytes(10)))).toMatchObject({ sizeBytes: 10 });
  });

  it('are waited for no longer when the caller has gone', async () => {
    const cut = new AbortController();
    fake.script = () => cut.abort();
    expect(await codeOf(storage.head(newKey(), cut))).toBe('storage_unavailable');
    const during = new AbortController();
    fake.script = (response) => {
      response.writeHead(200, { 'content-length': String(4 * MIB), etag: '"e"' });
      response.write(sampleBytes(MIB));
    };
    const body = await storage.get(newKey(), during);
    during.abort();
    expect(await codeOf(readStream(body))).toBe('storage_unavailable');
  });
});
