import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { once } from 'node:events';
import { copyFile, mkdir, mkdtemp, readdir, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { randomUUID } from 'node:crypto';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

import { Api, expectStatus, makeTenant, type TestTenant } from '../../support/api.js';
import { ended, runCommand, spawnCommand, type CommandRun } from '../../support/cli.js';
import { eventually } from '../../support/eventually.js';
import { objectFiles, objectFolder } from '../../support/gateway-inside.js';
import { GatewayProcess } from '../../support/gateway-process.js';
import { asOwner } from '../../support/owner-connection.js';

jest.setTimeout(180_000);

const CLEAN = { missing_objects: [], orphan_objects: [], stale_uploads: [], unfinished_uploads: [] };

let dataDir: string;
let gateway: GatewayProcess;
let tenant: TestTenant;

beforeAll(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'gatehold-command-'));
  gateway = await GatewayProcess.start({ dataDir });
  tenant = await makeTenant(new Api(gateway.url, gateway.rootToken));
  for (const id of ['one', 'two', 'three'])
    expectStatus(await tenant.editor.put(id, `content of ${id}`), 201);
});

afterAll(async () => {
  await gateway.signal('SIGTERM');
  await rm(dataDir, { recursive: true, force: true });
});

function reconcile(...args: string[]): Promise<CommandRun> {
  return runCommand(['reconcile', ...args], { GATEHOLD_DATA_DIR: dataDir });
}

/** Puts a file where an object would be, so many days old; answers its path. */
async function plant(days = 2): Promise<string> {
  const name = randomUUID();
  const path = join(objectFolder(dataDir, tenant.editor), `_${name.slice(-2)}`, name);
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, 'orphan');
  const then = new Date(Date.now() - days * 86_400_000);
  await utimes(path, then, then);
  return path;
}

const isThere = (path: string): Promise<boolean> =>
  stat(path).then(
    () => true,
    () => false,
  );

describe('gatehold reconcile beside a running gateway with its embedded database', () => {
  it('finds nothing wrong: exit code 0, the report and nothing else on standard output', async () => {
    const run = await reconcile('--json');
    expect(run).toMatchObject({ code: 0, err: '' });
    expect(run.json).toMatchObject({
      ...CLEAN,
      checked_rows: 3,
      checked_objects: 3,
      removed: 0,
      aborted_because: null,
    });
    const text = await reconcile();
    expect(text.code).toBe(0);
    expect(text.out).toContain('Compared 3 rows and 3 objects');
    expect((await tenant.viewer.get('/v1/sources/one/content')).text).toBe('content of one');
  });

  it('CF-01: reports an old orphan with exit code 1, removes it only when told to, and is clean afterwards', async () => {
    const [old, young] = [await plant(2), await plant(0)];
    const dry = await reconcile('--json', '--tenant', tenant.id);
    expect(dry.code).toBe(1);
    expect(dry.json.orphan_objects).toMatchObject([
      { tenant_id: tenant.id, binding_id: null, size_bytes: 6 },
    ]);
    expect(dry.json).toMatchObject({ apply: false, removed: 0, young_objects: 1 });
    expect([await isThere(old), await isThere(young)]).toEqual([true, true]);
    const applied = await reconcile('--json', '--apply');
    expect(applied).toMatchObject({ code: 1, json: { removed: 1, aborted_because: null } });
    expect([await isThere(old), await isThere(young)]).toEqual([false, true]);
    expect(await reconcile('--json')).toMatchObject({ code: 0, json: CLEAN });
    await rm(young);
  });

  it('ST-18: reports a source whose object is gone, keeps its row, and is content once the object is back', async () => {
    const before = await objectFiles(dataDir, tenant.editor);
    expectStatus(await tenant.editor.put('lost', 'to be lost'), 201);
    const [path = ''] = (await objectFiles(dataDir, tenant.editor)).filter((file) => !before.includes(file));
    const kept = join(dataDir, 'kept');
    await copyFile(path, kept);
    await rm(path);
    const run = await reconcile('--json', '--apply');
    expect(run.code).toBe(1);
    expect(run.json.missing_objects).toMatchObject([
      { tenant_id: tenant.id, size_bytes: 10, reason: 'absent' },
    ]);
    const read = await tenant.viewer.get('/v1/sources/lost/content');
    expect([read.status, read.json.code]).toEqual([500, 'content_unavailable']);
    await copyFile(kept, path);
    expect((await reconcile('--json')).code).toBe(0);
    expect((await tenant.viewer.get('/v1/sources/lost/content')).text).toBe('to be lost');
  });

  it('ST-19: --verify finds one flipped byte, and nothing in what is as it was', async () => {
    expect(await reconcile('--verify', '--json')).toMatchObject({
      code: 0,
      json: { verified_objects: 4, corrupt_objects: [] },
    });
    const [path = ''] = await objectFiles(dataDir, tenant.editor);
    const bytes = await readFile(path);
    const flipped = Buffer.from(bytes);
    flipped[0] = (flipped[0] ?? 0) ^ 1;
    await writeFile(path, flipped);
    const run = await reconcile('--verify', '--json', '--tenant', tenant.id);
    expect(run.code).toBe(1);
    expect(run.json.corrupt_objects).toMatchObject([{ tenant_id: tenant.id, reason: 'checksum' }]);
    expect(run.json.corrupt_objects[0].object_key).toContain(path.split('/').at(-1));
    await writeFile(path, bytes);
    expect((await reconcile('--verify', '--json', '--tenant', tenant.id)).code).toBe(0);
  });

  it('CF-06: ends with exit code 2 and removes nothing when the rows are gone', async () => {
    const victim = await makeTenant(new Api(gateway.url, gateway.rootToken));
    expectStatus(await victim.editor.put('kept', 'kept'), 201);
    const [path = ''] = await objectFiles(dataDir, victim.editor);
    const then = new Date(Date.now() - 2 * 86_400_000);
    await utimes(path, then, then);
    await asOwner(dataDir, (client) => client.query('DELETE FROM sources WHERE tenant_id = $1', [victim.id]));
    const run = await reconcile('--apply', '--json');
    expect(run).toMatchObject({ code: 2, json: { removed: 0 } });
    expect(run.json.aborted_because).toContain(victim.id);
    expect(await isThere(path)).toBe(true);
    const asked = await reconcile('--apply', '--json', '--tenant', victim.id, '--max-percent', '100');
    expect(asked).toMatchObject({ code: 1, json: { removed: 1 } });
  });

  it('one at a time: a second run ends with exit code 2, and says why', async () => {
    await asOwner(dataDir, async (client) => {
      await client.query("SELECT pg_advisory_lock(hashtextextended('gatehold reconcile', 0))");
      const run = await reconcile('--json');
      expect(run).toMatchObject({ code: 2, json: { aborted_because: 'another run is under way' } });
    });
  });

  it('stops when told to, with nothing half done', async () => {
    const orphan = await plant();
    await asOwner(dataDir, async (client) => {
      // The run waits for the table, and is told to stop there.
      await client.query('BEGIN');
      await client.query('LOCK TABLE outbox');
      const child = spawnCommand(['reconcile', '--apply', '--json'], { GATEHOLD_DATA_DIR: dataDir });
      const end = ended(child);
      // On another connection: in a transaction, what others are at is seen once.
      await asOwner(dataDir, (other) =>
        eventually('the run has begun', async () => {
          const begun = await other.query(
            "SELECT FROM pg_stat_activity WHERE application_name = 'gatehold lock: reconcile'",
          );
          return begun.rowCount === 1;
        }),
      );
      child.kill('SIGTERM');
      await client.query('ROLLBACK');
      expect(await end).toMatchObject({
        code: 2,
        json: { removed: 0, aborted_because: 'the run was stopped' },
      });
    });
    expect(await isThere(orphan)).toBe(true);
    await rm(orphan);
  });

  it('CF-15: a run that is killed leaves no lock, and the next one finishes what it began', async () => {
    const orphans = await Promise.all(Array.from({ length: 5 }, () => plant()));
    await asOwner(dataDir, async (client) => {
      // Killed when the objects are condemned and not yet struck off.
      await client.query(`CREATE FUNCTION stall() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN PERFORM pg_advisory_lock_shared(4711); RETURN OLD; END $$`);
      await client.query(
        'CREATE TRIGGER stall BEFORE DELETE ON outbox FOR EACH ROW EXECUTE FUNCTION stall()',
      );
      await client.query('SELECT pg_advisory_lock(4711)');
      const child = spawnCommand(['reconcile', '--apply', '--json'], { GATEHOLD_DATA_DIR: dataDir });
      await eventually('the objects are condemned', async () => {
        const waiting = await client.query(
          "SELECT FROM pg_locks WHERE locktype = 'advisory' AND NOT granted",
        );
        return (waiting.rowCount ?? 0) > 0;
      });
      const exited = once(child, 'exit');
      child.kill('SIGKILL');
      await exited;
      await client.query('SELECT pg_advisory_unlock(4711)');
      await client.query('DROP TRIGGER stall ON outbox');
      await client.query('DROP FUNCTION stall');
    });
    const rerun = await eventually('the lock is free', async () => {
      const run = await reconcile('--apply', '--json');
      return run.code === 2 ? null : run;
    });
    expect(rerun.json).toMatchObject({ aborted_because: null, orphan_objects: [] });
    for (const orphan of orphans) expect(await isThere(orphan)).toBe(false);
    expect((await reconcile('--json')).code).toBe(0);
  });
});

describe('gatehold reconcile without a gateway', () => {
  it('starts the embedded database itself and stops it again, and makes none where there is none', async () => {
    await gateway.signal('SIGTERM');
    const orphan = await plant();
    expect(await reconcile('--apply', '--json')).toMatchObject({ code: 1, json: { removed: 1 } });
    expect(await isThere(orphan)).toBe(false);
    expect(await readdir(join(dataDir, 'postgres/cluster'))).not.toContain('postmaster.pid');
    gateway = await GatewayProcess.start({ dataDir });
    const empty = await mkdtemp(join(tmpdir(), 'gatehold-empty-'));
    const run = await runCommand(['reconcile', '--apply', '--json'], { GATEHOLD_DATA_DIR: empty });
    expect(run.code).toBe(2);
    expect(run.json.aborted_because).toContain('There is no database');
    expect(await readdir(empty)).toEqual([]);
    await rm(empty, { recursive: true });
  });

  it('ends with exit code 2 on a database that is away or empty, and makes no table in it', async () => {
    const away = { GATEHOLD_DATA_DIR: dataDir, DATABASE_URL: 'postgres://me:secret@127.0.0.1:1/x' };
    const run = await runCommand(['reconcile', '--json'], away);
    expect(run.code).toBe(2);
    expect(run.json.aborted_because).toContain('DATABASE_URL');
    expect(run.out + run.err).not.toContain('secret');
    const url = await asOwner(dataDir, async (client) => {
      await client.query('CREATE DATABASE nothing');
      const { port, password } = client;
      return `postgres://gatehold_owner:${password ?? ''}@127.0.0.1:${port}/nothing`;
    });
    const empty = await runCommand(['reconcile', '--apply', '--json'], {
      GATEHOLD_DATA_DIR: dataDir,
      DATABASE_URL: url,
    });
    expect(empty.code).toBe(2);
    expect(empty.json.aborted_because).toContain('lacks');
  });

  it('refuses arguments that it does not know, and values that are none', async () => {
    for (const args of [['--aply'], ['--tenant'], ['--max-percent', '101'], ['--max-removals=-1'], ['now']]) {
      const run = await reconcile(...args);
      expect([args, run.code, run.out]).toEqual([args, 2, '']);
      expect(run.err).toContain('Usage: gatehold');
    }
  });
});
