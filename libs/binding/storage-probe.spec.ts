import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { ObjectStorage } from '#storage';
import { FilesystemDriver } from '#storage-fs';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { StorageProbe, type ProbeResult } from './storage-probe.js';

const AGENTS = { http: new HttpAgent(), https: new HttpsAgent() };
const PLACE = {
  adapter: 'filesystem',
  profile: null,
  endpoint: null,
  region: null,
  bucket: null,
  prefix: '',
  create: false,
} as const;

let root: string;
let storage: ObjectStorage;
let released: number;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'gatehold-probe-'));
  storage = await new FilesystemDriver({ root }).open();
  released = 0;
});

afterEach(async () => {
  await rm(root, { recursive: true, force: true });
});

/** Probes the folder, with a storage in which some calls do something else. */
async function probe(faults: Partial<ObjectStorage> = {}): Promise<ProbeResult> {
  const release = async (): Promise<void> => {
    released += 1;
  };
  const faulty = new Proxy(storage, {
    get(target, name): unknown {
      const own = { release, ...faults }[name as keyof ObjectStorage] as unknown;
      const found: unknown = own ?? Reflect.get(target, name, target);
      return typeof found === 'function' ? (found.bind(target) as unknown) : found;
    },
  });
  const storages = { tryOut: () => Promise.resolve(faulty) };
  return await new StorageProbe(storages, AGENTS).run({
    place: PLACE,
    credentials: null,
    keyPrefix: 'probe',
  });
}

/** Steps that were tried, as `step ok`. */
function tried({ steps }: ProbeResult): string[] {
  return steps.filter(({ ok }) => ok !== null).map(({ step, ok }) => `${step} ${String(ok)}`);
}

async function files(): Promise<string[]> {
  const found = await readdir(root, { recursive: true, withFileTypes: true });
  return found.filter((one) => one.isFile()).map(({ name }) => name);
}

describe('a probe', () => {
  it('takes every step that the storage can do, and leaves nothing behind', async () => {
    const result = await probe();
    expect(tried(result)).toEqual([
      'open true',
      'write true',
      'read true',
      'range true',
      'checksum true',
      'delete true',
    ]);
    expect(result.failure).toBeNull();
    expect([await files(), released]).toEqual([[], 1]);
  });

  it('stops at the first step that fails, but for the clean-up', async () => {
    const result = await probe({
      // A server that ignores ranges.
      get: (key, options) => storage.get(key, { ...options, range: undefined }),
    });
    expect(tried(result)).toEqual(['open true', 'write true', 'read true', 'range false', 'delete true']);
    expect(result.steps.find(({ ok }) => ok === false)?.reason).toBe(
      'What was read is not what was written.',
    );
    expect([await files(), released]).toEqual([[], 1]);
  });

  it('removes what was stored although the answer said that it was not', async () => {
    const result = await probe({
      put: async (key, body, options) => {
        await storage.put(key, body, options);
        throw new Error('the answer is lost');
      },
    });
    expect(tried(result)).toEqual(['open true', 'write false', 'delete true']);
    expect([await files(), released]).toEqual([[], 1]);
  });

  it('finds out that something deleted is still there', async () => {
    const result = await probe({ remove: () => Promise.resolve() });
    expect(tried(result).at(-1)).toBe('delete false');
    expect(result.failure).not.toBeNull();
  });
});
