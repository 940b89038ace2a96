import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { type ObjectKey, type ObjectStorage, parseObjectKey } from '#storage';
import { FilesystemDriver } from '#storage-fs';
import { MIB, chunksOf, codeOf, newKey, readStream, sampleBytes } from '#storage/testing';
import { ChildProgram, ended } from './testing/child.js';
import { PUT_SCRIPT } from './testing/put.script.js';

interface Outcome {
  readonly result?: { readonly sizeBytes: number };
  readonly code?: string;
  readonly cause?: string;
  readonly trace: readonly string[];
}

const SIZE = 3 * MIB;
const WHOLE = Buffer.alloc(SIZE, 7);

/** A fresh key in the fan-out folder of that number, so that parallel children do not make each other's folders. */
function keyInFolder(index: number): ObjectKey {
  return parseObjectKey(`${newKey().slice(0, -2)}${index.toString(16).padStart(2, '0')}`);
}

describe('the filesystem storage under faults', () => {
  let program: ChildProgram;
  let root: string;
  let storage: ObjectStorage;

  beforeAll(async () => {
    program = await ChildProgram.create(PUT_SCRIPT);
  });
  afterAll(() => program.remove());
  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), 'gatehold-faults-'));
    storage = await new FilesystemDriver({ root }).open();
  });
  afterEach(() => rm(root, { recursive: true }));

  async function files(): Promise<string[]> {
    const entries = await readdir(root, { recursive: true, withFileTypes: true });
    return entries.filter((entry) => !entry.isDirectory()).map((entry) => entry.name);
  }

  async function put(key: string, fault: string, limits?: string): Promise<Outcome> {
    const { stdout, stderr } = await program.run([root, key, String(SIZE), fault], limits);
    if (stdout === '') throw new Error(`The child died: ${stderr}`);
    return JSON.parse(stdout) as Outcome;
  }

  async function found(key: ObjectKey): Promise<string> {
    const code = await codeOf(storage.head(key));
    if (code !== 'resolved') return code === 'content_unavailable' ? 'refused' : code;
    const object = await storage.head(key);
    if (object === null) return 'absent';
    return (await readStream(await storage.get(key))).equals(WHOLE) ? 'whole' : 'torn';
  }

  it('ST-02 leaves no object when killed in the middle of a put, and the sweep removes the rest', async () => {
    const key = newKey();
    const child = program.start([root, key, String(SIZE), 'silent']);
    const end = ended(child);
    await new Promise((resolve) => child.stdout?.once('data', resolve));
    child.kill('SIGKILL');
    expect((await end).signal).toBe('SIGKILL');
    expect([await storage.head(key), await storage.get(key)]).toEqual([null, null]);
    expect(await files()).toEqual([expect.stringMatching(/^\.[0-9a-f-]{36}\.tmp$/)]);
    expect(await storage.removeUnfinished(60_000)).toEqual({ removed: 0, failed: 0 });
    expect(await storage.removeUnfinished(-60_000)).toEqual({ removed: 1, failed: 0 });
    expect(await readdir(root)).toEqual([]);
  });

  it('ST-02 has the object whole or not at all when killed before any of its file calls', async () => {
    const { trace, result } = await put(keyInFolder(255), 'none');
    expect(result?.sizeBytes).toBe(SIZE);
    const kills = trace.map(async (_, index) => {
      const key = keyInFolder(index);
      const { signal } = await program.run([root, key, String(SIZE), `kill:${index + 1}`]);
      return { key, signal, found: await found(key) };
    });
    const killed = await Promise.all(kills);
    expect(new Set(killed.map(({ signal }) => signal))).toEqual(new Set(['SIGKILL']));
    // Refused: killed while the file had both its names, never acknowledged, mended by the sweep.
    const outcomes = killed.map((kill) => kill.found);
    expect(new Set(outcomes)).toEqual(new Set(['absent', 'refused', 'whole']));
    expect(outcomes.filter((outcome) => outcome === 'refused')).toHaveLength(1);
    await storage.removeUnfinished(-60_000);
    expect((await files()).filter((name) => name.startsWith('.'))).toEqual([]);
    for (const { key } of killed) {
      expect(['resolved', 'object_exists']).toContain(await codeOf(storage.put(key, chunksOf(WHOLE))));
      expect((await readStream(await storage.get(key))).equals(WHOLE)).toBe(true);
    }
  }, 60_000);

  it('ST-03 fails the put when any of its file calls fails, goes no further, and leaves nothing', async () => {
    const { trace } = await put(keyInFolder(255), 'none');
    const before = await files();
    const failures = trace.map(async (_, index) => put(keyInFolder(index), `fail:${index + 1}`));
    let harmless = 0;
    for (const [index, outcome] of (await Promise.all(failures)).entries()) {
      const [failed, after] = [outcome.trace[index], outcome.trace.slice(index + 1)];
      // The close of a folder, which nothing was written to, is the one failure that may be passed over.
      if (outcome.result !== undefined) {
        harmless += 1;
        expect([failed, after[0] === 'link']).toEqual(['close', false]);
      } else expect(outcome).toMatchObject({ code: 'storage_unavailable', cause: 'EIO' });
      // Above all no second sync: after a failed one it would report success for pages the kernel has dropped.
      if (outcome.code !== undefined)
        expect(after.filter((name) => !/^(?:close|unlink)$/.test(name))).toEqual([]);
    }
    expect(await files()).toHaveLength(before.length + harmless);
  }, 60_000);

  it('ST-04 answers insufficient_storage when a file may grow no further, and leaves nothing', async () => {
    const key = newKey();
    // RLIMIT_FSIZE: the one way to a full disk that needs no privilege. 2048 blocks are 1 or 2 MiB, by shell.
    const outcome = await put(key, 'none', 'ulimit -f 2048');
    expect(outcome).toMatchObject({ code: 'insufficient_storage', cause: 'EFBIG' });
    expect(await files()).toEqual([]);
    expect(await storage.head(key)).toBeNull();
    await storage.put(key, chunksOf(sampleBytes(10)));
  });
});
