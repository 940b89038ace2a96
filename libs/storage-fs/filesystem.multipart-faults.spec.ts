import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { type ObjectKey, type ObjectStorage, parseObjectKey, type UploadedPart } from '#storage';
import { FilesystemDriver } from '#storage-fs';
import { codeOf, newKey, readStream } from '#storage/testing';
import { ChildProgram } from './testing/child.js';
import { COMPLETE_SCRIPT } from './testing/complete.script.js';

interface Child {
  readonly uploadId: string;
  readonly parts: readonly UploadedPart[];
  readonly signal: NodeJS.Signals | null;
  /** Absent when it was killed. */
  readonly end?:
    { readonly result?: unknown; readonly code?: string; readonly trace: readonly string[] } | undefined;
}

const SIZE = 700_000;
const WHOLE = Buffer.concat([Buffer.alloc(SIZE, 1), Buffer.alloc(SIZE, 2)]);

/** A fresh key in the fan-out folder of that number: the parallel children do not meet. */
function keyInFolder(index: number): ObjectKey {
  return parseObjectKey(`${newKey().slice(0, -2)}${index.toString(16).padStart(2, '0')}`);
}

describe('completing an upload on the filesystem under faults', () => {
  let program: ChildProgram;
  let root: string;
  let storage: ObjectStorage;

  beforeAll(async () => {
    program = await ChildProgram.create(COMPLETE_SCRIPT);
  });
  afterAll(() => program.remove());
  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), 'gatehold-faults-'));
    storage = await new FilesystemDriver({ root }).open();
  });
  afterEach(() => rm(root, { recursive: true }));

  async function run(key: ObjectKey, fault: string): Promise<Child> {
    const { stdout, stderr, signal } = await program.run([root, key, String(SIZE), fault]);
    const [begun, end] = stdout.trim().split('\n');
    if (begun === undefined || begun === '') throw new Error(`The child died early: ${stderr}`);
    const { uploadId, parts } = JSON.parse(begun) as Child;
    return { uploadId, parts, signal, end: end === undefined ? end : (JSON.parse(end) as Child['end']) };
  }

  async function traceOfOne(): Promise<readonly string[]> {
    const { end } = await run(keyInFolder(255), 'none');
    expect(end?.result).toMatchObject({ sizeBytes: WHOLE.length });
    return end?.trace ?? [];
  }

  /** Whole, absent, or refused, that is, neither shown nor served: never torn. */
  async function expectNeverTorn(key: ObjectKey): Promise<void> {
    if ((await codeOf(storage.head(key))) === 'content_unavailable') return;
    const body = await storage.get(key);
    if (body !== null) expect((await readStream(body)).equals(WHOLE)).toBe(true);
  }

  async function hiddenFiles(): Promise<string[]> {
    const names = await readdir(root, { recursive: true });
    return names.filter((name) => name.includes('/.'));
  }

  it('ST-02 has the object whole or not at all when killed before any file call, and completes when asked again', async () => {
    const trace = await traceOfOne();
    const children = trace.map(async (_, index) => {
      const key = keyInFolder(index);
      return { key, ...(await run(key, `kill:${index + 1}`)) };
    });
    for (const { key, uploadId, parts, signal } of await Promise.all(children)) {
      expect(signal).toBe('SIGKILL');
      await expectNeverTorn(key);
      // A file that still has both its names belongs to nobody until the sweep has mended it.
      if ((await codeOf(storage.head(key))) === 'content_unavailable')
        await storage.removeUnfinished(3_600_000);
      const code = await codeOf(
        storage.multipart?.complete(key, uploadId, parts) ?? Promise.reject(new Error()),
      );
      if (code === 'resolved') expect((await readStream(await storage.get(key))).equals(WHOLE)).toBe(true);
      else expect(code).toBe('content_unavailable');
    }
    await storage.removeUnfinished(-3_600_000);
    expect(await hiddenFiles()).toEqual([]);
    for (const { key } of await Promise.all(children))
      expect((await readStream(await storage.get(key))).equals(WHOLE)).toBe(true);
  }, 120_000);

  it('ST-03 fails when any of its file calls fails, shows nothing torn, and completes when asked again', async () => {
    const trace = await traceOfOne();
    const children = trace.map(async (_, index) => {
      const key = keyInFolder(index);
      return { key, ...(await run(key, `fail:${index + 1}`)) };
    });
    for (const { key, uploadId, parts, end } of await Promise.all(children)) {
      if (end?.result === undefined) expect(end?.code).toBe('storage_unavailable');
      else expect(await storage.head(key)).toMatchObject({ sizeBytes: WHOLE.length });
      await expectNeverTorn(key);
      await storage.multipart?.complete(key, uploadId, parts);
      expect((await readStream(await storage.get(key))).equals(WHOLE)).toBe(true);
    }
    await storage.removeUnfinished(-3_600_000);
    expect(await hiddenFiles()).toEqual([]);
  }, 120_000);
});
