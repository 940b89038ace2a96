import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';

const ROOT = join(import.meta.dirname, '..', '..');

describe('test/own-storage.json', () => {
  const lists = JSON.parse(readFileSync(join(ROOT, 'test', 'own-storage.json'), 'utf8')) as Record<
    string,
    Record<string, string>
  >;

  it('leaves nothing out of runs on other storages but suites that are there, each with its reason', () => {
    expect(Object.keys(lists)).toEqual(['every', 'ceph', 'azure', 'memory']);
    for (const [path, reason] of Object.values(lists).flatMap((list) => Object.entries(list))) {
      expect([path, existsSync(join(ROOT, path))]).toEqual([path, true]);
      expect(path).toMatch(/^test\/(?:e2e|isolation)\/[\w-]+\.spec\.ts$/);
      expect([path, reason]).toEqual([path, expect.stringMatching(/^[A-Z0-9].{20,}\.$/)]);
    }
  });

  it('leaves a suite out because it is on Ceph already only if it makes its buckets on the storage of the run', () => {
    for (const path of Object.keys(lists['ceph'] ?? {}))
      expect([path, readFileSync(join(ROOT, path), 'utf8').includes('describeWithBucket(')]).toEqual([
        path,
        true,
      ]);
  });
});
