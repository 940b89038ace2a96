import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { GuardedStorage, type ObjectKey, type ObjectStorage, type KeyPrefix, StorageMetrics } from '#storage';
import { FilesystemDriver } from '#storage-fs';
import { chunksOf, codeOf, MIB, readStream, sampleBytes, sha256 } from '#storage/testing';
import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const TIMEOUTS = { firstByteMs: 60_000, idleMs: 60_000 };
const CONTENT = sampleBytes(3 * MIB);

describe('the guard round a storage', () => {
  let root: string;
  let storage: ObjectStorage;
  let metrics: StorageMetrics;
  let guarded: GuardedStorage;
  const guard = (keyPrefix: string | null, renewKeyPrefix?: () => Promise<string>) =>
    new GuardedStorage(storage, {
      adapter: 'filesystem',
      keyPrefix,
      timeouts: TIMEOUTS,
      metrics,
      ...(renewKeyPrefix === undefined ? {} : { renewKeyPrefix }),
    });

  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), 'gatehold-guard-'));
    storage = await new FilesystemDriver({ root }).open();
    metrics = new StorageMetrics();
    guarded = guard('t1');
  });
  afterEach(async () => {
    await storage.release();
    await rm(root, { recursive: true });
  });

  /** Every call that takes a key, with one that may not be used. */
  const everyCall = (key: ObjectKey): Promise<unknown>[] => {
    const own = `t1/${randomUUID()}` as ObjectKey;
    const { multipart } = guarded;
    return [
      guarded.put(key, chunksOf(CONTENT)),
      guarded.get(key),
      guarded.head(key),
      guarded.remove(key),
      guarded.copy(own, key),
      guarded.copy(key, own),
      ...(multipart === null
        ? []
        : [
            multipart.create(key),
            multipart.putPart(key, 'u', 1, chunksOf(CONTENT), { sizeBytes: CONTENT.length }),
            multipart.complete(key, 'u', []),
            multipart.abort(key, 'u'),
          ]),
    ];
  };

  it.each(['', 't1', 't1/', 't1/../t2/x', '/t1/x', 't1/A', 't1/x\n', 't1//x', 't1/x.y', 't1/\u0000'])(
    'ST-07 refuses the malformed key %j in every call, before anything is touched',
    async (key) => {
      const codes = await Promise.all(everyCall(key as ObjectKey).map(codeOf));
      expect(new Set(codes)).toEqual(new Set(['invalid_object_key']));
      expect(metrics.snapshot()).toEqual([]);
    },
  );

  it("refuses another tenant's keys and prefixes in every call, and shows nothing of them", async () => {
    const [victim, like] = [`t2/${randomUUID()}`, `t10/${randomUUID()}`] as ObjectKey[] as [
      ObjectKey,
      ObjectKey,
    ];
    for (const key of [victim, like]) await storage.put(key, chunksOf(CONTENT));
    for (const key of [victim, like]) {
      const codes = await Promise.all(everyCall(key).map(codeOf));
      expect(new Set(codes)).toEqual(new Set(['invalid_object_key']));
      expect((await storage.head(key))?.sizeBytes).toBe(CONTENT.length);
    }
    for (const prefix of ['t2', 't10', 't', '', 't1/..', '/t1'] as KeyPrefix[])
      expect([prefix, await codeOf(guarded.list(prefix))]).toEqual([prefix, 'invalid_object_key']);
    expect((await guarded.list('t1' as KeyPrefix)).objects).toEqual([]);
  });

  describe('what is at hand', () => {
    const key = `t1/${randomUUID()}` as ObjectKey;
    const small = CONTENT.subarray(0, 1000);

    beforeEach(async () => {
      await storage.put(key, chunksOf(small));
    });

    it('is had at once, and counted like any reading; what is not is counted as nothing', async () => {
      expect(guarded.getAtOnce(key, { expectedSize: small.length })).toBeNull();
      expect(metrics.snapshot()).toEqual([]);
      await (await guarded.get(key))?.bytes();
      const body = guarded.getAtOnce(key, { expectedSize: small.length });
      expect(body?.isInMemory).toBe(true);
      expect(body?.bytes()).toEqual(small);
      expect(metrics.snapshot()).toMatchObject([{ operation: 'get', calls: 2, failures: {} }]);
    });

    it("is the tenant's own", async () => {
      await (await storage.get(key))?.bytes();
      expect(guard('t2').getAtOnce(key, { expectedSize: small.length })).toBeNull();
      expect(guard('t1').getAtOnce('t1/../t1/x' as ObjectKey, { expectedSize: small.length })).toBeNull();
      expect(guard('t1').getAtOnce(key, { expectedSize: small.length })).not.toBeNull();
    });

    it('is not what has been removed, nor of another size than was recorded', async () => {
      await (await storage.get(key))?.bytes();
      expect(guarded.getAtOnce(key, { expectedSize: small.length - 1 })).toBeNull();
      await (await storage.get(key))?.bytes();
      await storage.remove(key);
      expect(guarded.getAtOnce(key, { expectedSize: small.length })).toBeNull();
    });

    it('is nothing where the storage never has anything at hand', () => {
      const without = Object.create(storage, { getAtOnce: { value: undefined } }) as ObjectStorage;
      const options = { adapter: 'filesystem', keyPrefix: 't1', timeouts: TIMEOUTS, metrics };
      expect(new GuardedStorage(without, options).getAtOnce(key)).toBeNull();
    });
  });

  it('passes what is the tenant’s own on as it is, in every size', async () => {
    for (const size of [0, 1, 64 * 1024, 64 * 1024 + 1, CONTENT.length]) {
      const key = `t1/${randomUUID()}` as ObjectKey;
      const bytes = CONTENT.subarray(0, size);
      expect(await guarded.put(key, chunksOf(bytes))).toEqual({
        sizeBytes: size,
        checksumSha256: sha256(bytes),
      });
      expect((await readStream(await guarded.get(key))).equals(bytes)).toBe(true);
      expect((await guarded.head(key))?.sizeBytes).toBe(size);
      await guarded.remove(key);
      expect(await guarded.get(key)).toBeNull();
    }
  });

  it('looks once more what keys begin with, for a tenant that was made anew', async () => {
    let looks = 0;
    const renewed = guard('t0', async () => {
      looks += 1;
      return 't1';
    });
    const key = `t1/${randomUUID()}` as ObjectKey;
    await renewed.put(key, chunksOf(CONTENT));
    await renewed.head(key);
    expect(looks).toBe(1);
    expect(await codeOf(renewed.head(`t2/${randomUUID()}` as ObjectKey))).toBe('invalid_object_key');
  });

  it('counts calls and their failures', async () => {
    const key = `t1/${randomUUID()}` as ObjectKey;
    await guarded.put(key, chunksOf(CONTENT));
    await codeOf(guarded.put(key, chunksOf(CONTENT)));
    await guarded.head(key);
    const counts = metrics
      .snapshot()
      .map(({ operation, calls, failures }) => ({ operation, calls, failures }));
    expect(counts).toEqual([
      { operation: 'put', calls: 2, failures: { object_exists: 1 } },
      { operation: 'head', calls: 1, failures: {} },
    ]);
  });

  it('gives everything back when a body is left unread, half read or aborted', async () => {
    const key = `t1/${randomUUID()}` as ObjectKey;
    await guarded.put(key, chunksOf(CONTENT));
    const abort = new AbortController();
    const bodies = await Promise.all([1, 2, 3].map(() => guarded.get(key, { signal: abort.signal })));
    const [unread, half, aborted] = bodies.map((body) => body?.stream());
    unread?.destroy();
    for await (const chunk of half ?? []) {
      expect(Buffer.isBuffer(chunk)).toBe(true);
      break;
    }
    abort.abort();
    expect([unread?.destroyed, half?.destroyed, aborted?.destroyed]).toEqual([true, true, true]);
    // None of this is the storage's doing.
    expect(metrics.snapshot().map(({ operation }) => operation)).toEqual(['put', 'get']);
  });

  it('makes a small object’s caller make no signal, and refuses one whose signal would have fired', async () => {
    const [small, large] = [1, 2].map(() => `t1/${randomUUID()}`) as [ObjectKey, ObjectKey];
    await guarded.put(small, chunksOf(CONTENT.subarray(0, 100)));
    await guarded.put(large, chunksOf(CONTENT));
    const abort = new AbortController();
    let looks = 0;
    const options = {
      expectedSize: 100,
      hasFired: () => abort.signal.aborted,
      get signal() {
        looks += 1;
        return abort.signal;
      },
    };
    for (let round = 0; round < 2; round += 1)
      expect((await (await guarded.get(small, options))?.bytes())?.length).toBe(100);
    expect(looks).toBe(0);
    const { hasFired } = options;
    const body = await guarded.get(large, { hasFired, signal: abort.signal });
    abort.abort();
    expect(body?.stream().destroyed).toBe(true);
    expect(await codeOf(guarded.get(small, options))).toBe('storage_unavailable');
    expect(await codeOf(guarded.get(large, { hasFired, signal: abort.signal }))).toBe('storage_unavailable');
  });
});
