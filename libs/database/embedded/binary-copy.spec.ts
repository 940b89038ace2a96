import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { chmod, mkdir, mkdtemp, readFile, readdir, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ensureCopy } from './binary-copy.js';

let root: string;
let source: string;
let parent: string;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'gatehold-copy-'));
  [source, parent] = [join(root, 'native'), join(root, 'copies')];
  await mkdir(join(source, 'bin'), { recursive: true, mode: 0o700 });
  await mkdir(join(source, 'lib'), { mode: 0o700 });
  await writeFile(join(source, 'bin', 'postgres'), 'program', { mode: 0o700 });
  await writeFile(join(source, 'lib', 'libpq.so.5.18'), 'library', { mode: 0o600 });
  await writeFile(join(source, 'lib', 'libpq.a'), 'static');
});

afterEach(() => rm(root, { recursive: true, force: true }));

describe('the copy of the PostgreSQL programs', () => {
  it('can be read and run by everybody and written by its owner alone, whatever the original allows', async () => {
    const copy = await ensureCopy(source, parent, '18.4');
    expect(copy).toMatch(/copies\/postgresql-18\.4-[0-9a-f]{16}$/);
    expect(await readFile(join(copy, 'bin', 'postgres'), 'utf8')).toBe('program');
    const modes = ['.', 'bin', 'bin/postgres', 'lib/libpq.so.5.18'].map(
      async (path) => (await stat(join(copy, path))).mode,
    );
    expect((await Promise.all(modes)).map((mode) => mode & 0o777)).toEqual([0o755, 0o755, 0o755, 0o644]);
    expect(await readdir(join(copy, 'lib'))).toEqual(['libpq.so.5.18']);
  });

  it('is made once, and again only when it is damaged or the programs change', async () => {
    const copy = await ensureCopy(source, parent, '18.4');
    const made = (await stat(copy)).ino;
    expect(await ensureCopy(source, parent, '18.4')).toBe(copy);
    expect((await stat(copy)).ino).toBe(made);

    await truncate(join(copy, 'lib', 'libpq.so.5.18'), 3);
    expect(await ensureCopy(source, parent, '18.4')).toBe(copy);
    expect(await readFile(join(copy, 'lib', 'libpq.so.5.18'), 'utf8')).toBe('library');

    await writeFile(join(source, 'bin', 'postgres'), 'another program');
    expect(await ensureCopy(source, parent, '18.4')).not.toBe(copy);
  });

  it('is the same for several that need it at once, and nothing half-made stays', async () => {
    const copies = await Promise.all([1, 2, 3].map(() => ensureCopy(source, parent, '18.4')));
    expect(new Set(copies).size).toBe(1);
    expect(await readdir(parent)).toHaveLength(1);
  });

  it('is made anew once for several that find it broken at once', async () => {
    const copy = await ensureCopy(source, parent, '18.4');
    for (let round = 0; round < 20; round += 1) {
      await writeFile(join(copy, 'bin', 'postgres'), 'cut short');
      const copies = await Promise.all(Array.from({ length: 6 }, () => ensureCopy(source, parent, '18.4')));
      expect(new Set(copies)).toEqual(new Set([copy]));
      expect(await readdir(parent)).toHaveLength(1);
    }
  });

  it('is not trusted where others can write', async () => {
    const copy = await ensureCopy(source, parent, '18.4');
    await chmod(copy, 0o777);
    await expect(ensureCopy(source, parent, '18.4')).rejects.toThrow(/only this user/);
    await chmod(copy, 0o755);
    await chmod(parent, 0o777);
    await expect(ensureCopy(source, parent, '18.4')).rejects.toThrow(/only this user/);
  });
});
