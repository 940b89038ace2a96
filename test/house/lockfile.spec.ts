import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';

interface Entry {
  readonly resolved?: string;
  readonly integrity?: string;
  readonly optionalDependencies?: Record<string, string>;
}

async function readJson<T>(name: string): Promise<T> {
  return JSON.parse(await readFile(join(import.meta.dirname, '..', '..', name), 'utf8')) as T;
}

describe('package-lock.json', () => {
  it('holds the packages of every platform, without which npm ci fails on the others', async () => {
    const { packages } = await readJson<{ packages: Record<string, Entry> }>('package-lock.json');
    const installed = new Set(Object.keys(packages).map((path) => path.replace(/^.*node_modules\//, '')));
    const missing = Object.values(packages)
      .flatMap(({ optionalDependencies }) => Object.keys(optionalDependencies ?? {}))
      .filter((name) => !installed.has(name));
    expect(missing).toEqual([]);
  });

  it('names checksums and no host that a package was fetched from', async () => {
    const { packages } = await readJson<{ packages: Record<string, Entry> }>('package-lock.json');
    for (const [path, { resolved, integrity }] of Object.entries(packages)) {
      expect({ path, resolved }).toEqual({ path, resolved: undefined });
      if (path !== '')
        expect({ path, integrity }).toEqual({ path, integrity: expect.stringMatching(/^sha512-/) });
    }
  });
});

describe('package.json', () => {
  it('pins every dependency to one exact version', async () => {
    const manifest = await readJson<Record<string, Record<string, string> | undefined>>('package.json');
    const versions = ['dependencies', 'devDependencies', 'optionalDependencies', 'overrides'].flatMap(
      (kind) => Object.entries(manifest[kind] ?? {}),
    );
    for (const [name, version] of versions)
      expect({ name, version }).toEqual({
        name,
        version: expect.stringMatching(/^\d+\.\d+\.\d+(-[\w.]+)?$/),
      });
  });
});
