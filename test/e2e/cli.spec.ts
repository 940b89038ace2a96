import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';

import { EmbeddedPostgres } from '#database';

const ROOT = join(import.meta.dirname, '..', '..');

/** What the command wrote and how it ended, with these settings and no others. */
function gatehold(
  args: string[],
  settings: Record<string, string> = {},
): Promise<{ code: number; out: string; err: string }> {
  return new Promise((resolve) => {
    const command = [join(ROOT, 'dist', 'apps', 'cli', 'src', 'main.js'), ...args];
    const child = execFile(process.execPath, command, { env: settings }, (_error, out, err) => {
      resolve({ code: child.exitCode ?? -1, out, err });
    });
  });
}

describe('gatehold', () => {
  it('says what it can do, and which version it is', async () => {
    for (const args of [[], ['help'], ['--help']]) {
      const { code, out } = await gatehold(args);
      expect(code).toBe(0);
      for (const name of ['start', 'migrate', 'version', 'help'])
        expect(out).toMatch(new RegExp(`^  ${name} `, 'm'));
    }
    const manifest = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8')) as { version: string };
    expect(await gatehold(['version'])).toEqual({ code: 0, out: `${manifest.version}\n`, err: '' });
  });

  it('refuses a command it does not know, and arguments it would ignore', async () => {
    expect(await gatehold(['toString'])).toMatchObject({
      code: 2,
      err: expect.stringContaining('no command'),
    });
    expect(await gatehold(['start', '--port=1'])).toMatchObject({
      code: 2,
      err: expect.stringContaining('takes no arguments'),
    });
  });

  it('does not migrate a database that nobody named, or that is not there, and names no password', async () => {
    expect(await gatehold(['migrate'])).toMatchObject({
      code: 1,
      err: expect.stringContaining('DATABASE_URL is not set'),
    });
    const { code, out, err } = await gatehold(['migrate'], {
      DATABASE_URL: 'postgres://me:secret@127.0.0.1:1/x',
    });
    expect({ code, out }).toEqual({ code: 1, out: '' });
    expect(err).toMatch(/^gatehold: the migration failed: /);
    expect(err).not.toContain('secret');
  });

  it('migrates a database, and finds nothing to do the second time', async () => {
    const dataDir = await mkdtemp(join(tmpdir(), 'gatehold-cli-'));
    const server = await EmbeddedPostgres.start({ dataDir, log: () => undefined });
    try {
      const settings = { DATABASE_URL: server.ownerUrl };
      expect(await gatehold(['migrate'], settings)).toMatchObject({
        code: 0,
        out: expect.stringMatching(/^Applied: Initial\d+/),
      });
      expect(await gatehold(['migrate'], settings)).toEqual({
        code: 0,
        out: 'The schema is up to date.\n',
        err: '',
      });
    } finally {
      await server.stop();
      await rm(dataDir, { recursive: true, force: true });
    }
  }, 60_000);
});
