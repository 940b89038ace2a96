import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { CodedError, type ErrorKind } from '#kernel';
import {
  CircuitBreaker,
  GuardedStorage,
  type ObjectStorage,
  parseKeyPrefix,
  StorageErrors,
  StorageMetrics,
} from '#storage';
import { FilesystemDriver } from '#storage-fs';
import { chunksOf, codeOf, MIB, newKey, readStream, sampleBytes } from '#storage/testing';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';

const TIMEOUTS = { firstByteMs: 60_000, idleMs: 60_000 };
const SMALL = sampleBytes(1000);

describe('ST-14 the guard round a storage that fails', () => {
  let root: string;
  let real: ObjectStorage;
  let metrics: StorageMetrics;
  let breaker: CircuitBreaker;
  let guarded: ObjectStorage;
  /** What every call to the storage throws instead of being made; null for none. */
  let fault: Error | null;
  let asked: number;
  let now: number;

  const options = () => ({ adapter: 'fs', keyPrefix: null, timeouts: TIMEOUTS, metrics, breaker });

  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), 'gatehold-breaker-'));
    real = await new FilesystemDriver({ root }).open();
    [fault, asked, now] = [null, 0, 0];
    metrics = new StorageMetrics();
    breaker = new CircuitBreaker(
      () => now,
      () => 0,
    );
    const faulty = new Proxy(real, {
      get(target, name): unknown {
        const found: unknown = Reflect.get(target, name, target);
        if (typeof found !== 'function') return found;
        return (...args: unknown[]): unknown => {
          asked += 1;
          if (fault !== null) return Promise.reject(fault);
          return (found as (...args: unknown[]) => unknown).apply(target, args);
        };
      },
    });
    guarded = new GuardedStorage(faulty, options());
  });
  afterEach(async () => {
    await real.release();
    await rm(root, { recursive: true });
  });

  const failing = (kind: ErrorKind) => new CodedError(kind, 'It fails.');
  const head = () => codeOf(guarded.head(newKey()));

  it('asks five times and then fails at once, saying when to come back', async () => {
    fault = failing(StorageErrors.unavailable);
    for (let call = 0; call < 5; call += 1) expect(await head()).toBe('storage_unavailable');
    expect(asked).toBe(5);
    const calls: (() => Promise<unknown>)[] = [
      () => guarded.head(newKey()),
      () => guarded.get(newKey()),
      () => guarded.put(newKey(), chunksOf(SMALL)),
      () => guarded.remove(newKey()),
      () => guarded.copy(newKey(), newKey()),
      () => guarded.list(parseKeyPrefix('contract')),
      () => guarded.removeUnfinished(0),
    ];
    for (const call of calls) {
      const failure: unknown = await call().catch((error: unknown) => error);
      expect(failure).toMatchObject({ kind: StorageErrors.unavailable, retryAfterSeconds: 1 });
    }
    expect(() => guarded.getAtOnce?.(newKey())).toThrow(expect.objectContaining({ retryAfterSeconds: 1 }));
    expect(asked).toBe(5);
    // Counted as what they are: not made.
    const counts = metrics.snapshot().map(({ operation, failures }) => [operation, failures]);
    expect(counts).toContainEqual(['put', { left_alone: 1 }]);
    expect(counts).toContainEqual(['head', { storage_unavailable: 5, left_alone: 1 }]);
  });

  it('reads nothing of an upload that it does not make', async () => {
    fault = failing(StorageErrors.timeout);
    for (let call = 0; call < 5; call += 1) await head();
    const body = Readable.from([SMALL]);
    expect(await codeOf(guarded.put(newKey(), body))).toBe('storage_unavailable');
    expect([body.readableDidRead, body.destroyed]).toEqual([false, false]);
  });

  it('asks once after a pause, and goes on when that succeeds', async () => {
    fault = failing(StorageErrors.timeout);
    for (let call = 0; call < 5; call += 1) await head();
    now += 1_000;
    expect([await head(), await head(), asked]).toEqual(['storage_timeout', 'storage_unavailable', 6]);
    fault = null;
    now += 2_000;
    const key = newKey();
    await guarded.put(key, chunksOf(SMALL));
    expect((await readStream(await guarded.get(key))).equals(SMALL)).toBe(true);
  });

  it.each<[string, () => Promise<unknown>]>([
    ['is absent', () => guarded.head(newKey())],
    ['is somebody else’s', () => guarded.get('../x' as never).catch(() => null)],
  ])('takes no notice of what %s', async (_what, call) => {
    for (let round = 0; round < 10; round += 1) await call();
    expect(breaker.isOpen).toBe(false);
  });

  it.each([
    StorageErrors.objectExists,
    StorageErrors.contentUnavailable,
    StorageErrors.uploadNotFound,
    StorageErrors.insufficientStorage,
    StorageErrors.uploadIncomplete,
    StorageErrors.sizeMismatch,
    StorageErrors.checksumMismatch,
    StorageErrors.clockSkewed,
  ])('does not take $code for an outage', async (kind) => {
    fault = failing(kind);
    for (let call = 0; call < 10; call += 1) expect(await head()).toBe(kind.code);
    expect([breaker.isOpen, asked]).toEqual([false, 10]);
  });

  it('does not take callers who give up for an outage, whatever their calls fail with', async () => {
    fault = failing(StorageErrors.unavailable);
    const cut = new AbortController();
    cut.abort();
    for (let call = 0; call < 10; call += 1) {
      await codeOf(guarded.head(newKey(), { signal: cut.signal }));
      await codeOf(guarded.get(newKey(), { signal: cut.signal }));
      await codeOf(guarded.put(newKey(), chunksOf(SMALL), { signal: cut.signal }));
    }
    expect(breaker.isOpen).toBe(false);
  });

  it('does not take readers who leave early for an outage', async () => {
    const key = newKey();
    await guarded.put(key, chunksOf(sampleBytes(MIB)));
    for (let round = 0; round < 10; round += 1) (await guarded.get(key))?.stream().destroy();
    expect(breaker.isOpen).toBe(false);
  });

  it('does not try to open what could not be opened again and again', async () => {
    let opened = 0;
    const opening = () => {
      opened += 1;
      return fault === null ? Promise.resolve(real) : Promise.reject(fault);
    };
    fault = failing(StorageErrors.unavailable);
    for (let call = 0; call < 9; call += 1)
      expect(await codeOf(GuardedStorage.open(opening, options()))).toBe('storage_unavailable');
    expect(opened).toBe(5);
    [fault, now] = [null, 1_000];
    expect(await codeOf(GuardedStorage.open(opening, options()))).toBe('resolved');
  });
});
