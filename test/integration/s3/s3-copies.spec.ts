import { beforeAll, expect, it, jest } from '@jest/globals';
import type { ObjectStorage } from '#storage';
import { MIB, chunksOf, codeOf, newKey, readStream, sampleBytes } from '#storage/testing';

import { type Ceph, CEPH_PROGRAMS, CEPH_START_MS, sharedCeph } from '../../support/ceph.js';
import { everythingIn, newBucket, openCephStorage } from '../../support/ceph-storage.js';
import { describeWith } from '../../support/programs.js';

jest.setTimeout(CEPH_START_MS);

/** As small as S3 allows parts to be. */
const SMALL_PARTS = { wholeBytes: 5 * MIB, partBytes: 5 * MIB };

describeWith(CEPH_PROGRAMS, 'copies in parts on Ceph', () => {
  let ceph: Ceph;
  let bucket: string;
  let storage: ObjectStorage;

  beforeAll(async () => {
    ceph = await sharedCeph();
    bucket = newBucket();
    storage = await openCephStorage(ceph, {
      bucket,
      prefix: "odd +&=%2F'(1)*/résumé 日本",
      copies: SMALL_PARTS,
    });
  });

  it.each([5 * MIB, 5 * MIB + 1, 10 * MIB, 32 * MIB + 7])(
    'make an equal object of %i bytes',
    async (size) => {
      const [from, to, bytes] = [newKey(), newKey(), sampleBytes(size)];
      await storage.put(from, chunksOf(bytes, MIB));
      const head = await storage.copy(from, to);
      expect(head).toEqual(await storage.head(to));
      // The tag of an object in so many parts says how many.
      const parts = Math.ceil(size / (5 * MIB));
      expect(/-(\d+)"?$/.exec(head?.entityTag ?? '')?.[1]).toBe(parts > 1 ? String(parts) : undefined);
      await storage.remove(from);
      expect((await readStream(await storage.get(to))).equals(bytes)).toBe(true);
    },
  );

  it('UP-04 leave nothing when they are given up on their way', async () => {
    const from = newKey();
    await storage.put(from, chunksOf(sampleBytes(48 * MIB), MIB));
    const before = await everythingIn(ceph, bucket);
    let [made, given] = [0, 0];
    for (let stopAfter = 1; stopAfter <= 8; stopAfter += 1) {
      const cut = new AbortController();
      let parts = 0;
      const to = newKey();
      const onProgress = () => (parts += 1) === stopAfter && cut.abort();
      const code = await codeOf(storage.copy(from, to, { signal: cut.signal, onProgress }));
      expect(['storage_unavailable', 'resolved']).toContain(code);
      if (code === 'resolved') made += 1;
      else given += 1;
      await storage.remove(to);
    }
    expect(given).toBeGreaterThan(0);
    expect(made + given).toBe(8);
    expect(await everythingIn(ceph, bucket)).toEqual(before);
  });
});
