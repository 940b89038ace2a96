import { describe, expect, it } from '@jest/globals';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

const ROOT = join(import.meta.dirname, '..', '..');

/** Hazards of authentication, authorization and presigned URLs: so many are known of each. */
const KNOWN = { AN: 17, AZ: 22, PS: 23 } as const;

/** What stands in the titles of tests, or in the tables that they are made of. */
async function readTitles(): Promise<string> {
  const texts = await Promise.all(
    ['apps', 'libs', 'test'].map(async (folder) => {
      const files = await readdir(join(ROOT, folder), { recursive: true });
      // Suites for whoever implements a port are called contracts.
      const suites = files.filter(
        (file) => /\.(?:spec|contract)\.ts$/.test(file) && !file.includes('node_modules'),
      );
      return await Promise.all(suites.map((file) => readFile(join(ROOT, folder, file), 'utf8')));
    }),
  );
  const lines = texts.flat().join('\n').split('\n');
  return lines
    .filter((line) => /['"`].*\b(?:AN|AZ|PS)-\d\d/.test(line) && !/^\s*(?:\/\/|\*)/.test(line))
    .join('\n');
}

const titles = readTitles();

describe.each(Object.entries(KNOWN))('hazards of the group %s', (group, count) => {
  it('stand in the titles of tests, each of them', async () => {
    const text = await titles;
    const ids = Array.from({ length: count }, (_, index) => `${group}-${String(index + 1).padStart(2, '0')}`);
    expect(ids.filter((id) => !text.includes(id))).toEqual([]);
  });
});
