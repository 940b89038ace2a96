import { randomUUID } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import {
  type KeyPrefix,
  type ListedObject,
  type ListOptions,
  type ObjectKey,
  type ObjectStorage,
  parseKeyPrefix,
  parseObjectKey,
} from '#storage';
import type { StorageUnderTest } from './opened-storage.js';
import { atOnce, chunksOf, codeOf, newKey, sampleBytes } from './samples.js';

const HOSTILE_PREFIXES = [
  '',
  '/',
  'contract/',
  '/contract',
  'contract//a',
  '..',
  'contract/..',
  'contract/A',
];

/** A prefix that nothing else is below. */
function newPrefix(): KeyPrefix {
  return parseKeyPrefix(`contract/${randomUUID()}`);
}

function keysBelow(prefix: KeyPrefix, names: readonly string[]): ObjectKey[] {
  return names.map((name) => parseObjectKey(`${prefix}/${name}`));
}

async function putAll(storage: ObjectStorage, keys: readonly ObjectKey[]): Promise<void> {
  await atOnce(16, keys, async (key) => storage.put(key, chunksOf(sampleBytes(1))));
}

/** All pages, one after the other; every page keeps its bounds. */
async function listAll(storage: ObjectStorage, prefix: KeyPrefix, limit?: number): Promise<ListedObject[]> {
  const objects: ListedObject[] = [];
  for (let after: ListOptions['after']; ;) {
    const page = await storage.list(prefix, { after, limit });
    expect(page.objects.length).toBeLessThanOrEqual(limit ?? 1000);
    objects.push(...page.objects);
    if (page.next === null) return objects;
    after = page.next;
  }
}

function keysOf(objects: readonly ListedObject[]): string[] {
  return objects.map(({ key }) => key);
}

/** What list promises. */
export function describeList(opened: StorageUnderTest): void {
  describe('list', () => {
    it('answers an empty last page for a prefix that nothing is below', async () => {
      const { listedAt, ...page } = await opened().storage.list(newPrefix());
      expect(page).toEqual({ objects: [], next: null });
      expect(listedAt?.getTime()).toBeGreaterThan(0);
    });

    it('says with every page what time it is by the clock that objects are dated with', async () => {
      const { storage } = opened();
      const root = newPrefix();
      await putAll(storage, keysBelow(root, ['a', 'b', 'c']));
      let after: string | undefined;
      do {
        const page = await storage.list(root, { limit: 1, after });
        // Whole seconds, in some storages.
        for (const { modifiedAt } of page.objects)
          expect(Math.abs((page.listedAt?.getTime() ?? 0) - modifiedAt.getTime())).toBeLessThan(60_000);
        after = page.next ?? undefined;
      } while (after !== undefined);
    });

    it('AZ-05 takes a prefix as a folder: t1 shows neither t10 nor t1-x nor an object called t1', async () => {
      const { storage } = opened();
      const root = newPrefix();
      const [ours, others] = [
        ['t1/a', 't1/ab', 't1/a/b', 't1/sub/a', 't1/sub/ab/c'],
        ['t1', 't10/a', 't1-x/a', 't/1', 't0/a', 't2/a'],
      ].map((names) => keysBelow(root, names)) as [ObjectKey[], ObjectKey[]];
      await putAll(storage, [...ours, ...others]);
      const below = async (name: string) =>
        keysOf(await listAll(storage, parseKeyPrefix(`${root}/${name}`))).sort();
      expect(await below('t1')).toEqual([...ours].sort());
      expect(await below('t1/a')).toEqual(keysBelow(root, ['t1/a/b']));
      expect(await below('t1/sub')).toEqual(keysBelow(root, ['t1/sub/a', 't1/sub/ab/c']));
      expect(keysOf(await listAll(storage, root)).sort()).toEqual([...ours, ...others].sort());
    });

    it('shows of every object what head says', async () => {
      const { storage } = opened();
      const root = newPrefix();
      const keys = keysBelow(root, ['a', 'b', 'c']);
      for (const [size, key] of keys.entries()) await storage.put(key, chunksOf(sampleBytes(size)));
      for (const { key, ...object } of await listAll(storage, root)) {
        const { sizeBytes, modifiedAt, entityTag } = (await storage.head(key as ObjectKey)) ?? {};
        expect(object).toMatchObject({ sizeBytes, entityTag });
        // A head may be told in whole seconds where a list has fractions.
        expect(Math.abs(object.modifiedAt.getTime() - (modifiedAt?.getTime() ?? 0))).toBeLessThan(1000);
      }
    });

    it('ST-15 shows 1,001 objects once each, in pages of any size, always in one order', async () => {
      const { storage } = opened();
      const root = newPrefix();
      const keys = keysBelow(
        root,
        Array.from({ length: 1001 }, (_, index) => `${index % 7}/${randomUUID()}`),
      );
      await putAll(storage, keys);
      const first = await storage.list(root);
      expect(first.next).not.toBeNull();
      const inOrder = keysOf(await listAll(storage, root));
      expect([...inOrder].sort()).toEqual([...keys].sort());
      for (const limit of [1000, 333, 100])
        expect(keysOf(await listAll(storage, root, limit))).toEqual(inOrder);
      const one = parseKeyPrefix(`${root}/3`);
      expect(keysOf(await listAll(storage, one, 1))).toEqual(keysOf(await listAll(storage, one)));
    });

    it('ends with the last object when a page ends there', async () => {
      const { storage } = opened();
      const root = newPrefix();
      await putAll(storage, keysBelow(root, ['a', 'b', 'c', 'd']));
      expect(keysOf(await listAll(storage, root, 2)).sort()).toEqual(keysBelow(root, ['a', 'b', 'c', 'd']));
      expect((await storage.list(root, { limit: 4 })).next).toBeNull();
    });

    it('ST-15 shows what stays exactly once while other objects come and go', async () => {
      const { storage } = opened();
      const root = newPrefix();
      const staying = keysBelow(
        root,
        Array.from({ length: 30 }, () => randomUUID()),
      );
      const going = keysBelow(
        root,
        Array.from({ length: 30 }, () => randomUUID()),
      );
      await putAll(storage, [...staying, ...going]);
      const shown: string[] = [];
      for (let after: ListOptions['after']; ;) {
        const page = await storage.list(root, { after, limit: 7 });
        shown.push(...keysOf(page.objects));
        const gone = going.pop();
        if (gone !== undefined) await storage.remove(gone);
        await putAll(storage, keysBelow(root, [randomUUID()]));
        if (page.next === null || shown.length > 500) break;
        after = page.next;
      }
      expect(new Set(shown).size).toBe(shown.length);
      expect(shown).toEqual(expect.arrayContaining(staying));
    });

    it('refuses a malformed prefix, and a signal that has fired', async () => {
      const { storage } = opened();
      for (const text of HOSTILE_PREFIXES)
        expect(await codeOf(storage.list(text as KeyPrefix))).toBe('invalid_object_key');
      const cut = new AbortController();
      cut.abort();
      await storage.put(newKey(), chunksOf(sampleBytes(1)));
      expect(await codeOf(storage.list(parseKeyPrefix('contract'), cut))).toBe('storage_unavailable');
    });
  });
}
