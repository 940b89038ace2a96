import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';

import { Api, expectStatus, makeTenant } from '../support/api.js';
import { eventually } from '../support/eventually.js';
import { GatewayProcess, MAIN } from '../support/gateway-process.js';
import { RestartableGateway } from '../support/restartable-gateway.js';

jest.setTimeout(90_000);

const TOKEN_A = 'root-token-A-0123456789-abcdefghijk';
const TOKEN_B = 'root-token-B-0123456789-abcdefghijk';

let folder: RestartableGateway;

beforeEach(async () => {
  folder = await RestartableGateway.make();
});

afterEach(() => folder.dispose());

describe('the first start', () => {
  it('makes both secrets for its owner alone, and names the file without its content (AN-12)', async () => {
    const gateway = await folder.start();
    for (const name of ['root-token', 'master-key']) {
      expect((await stat(join(folder.dataDir, name))).mode & 0o777).toBe(0o600);
      const secret = (await readFile(join(folder.dataDir, name), 'utf8')).trim();
      expect(gateway.log).not.toContain(secret);
    }
    expect(gateway.log).toContain(join(folder.dataDir, 'root-token'));
    expectStatus(await new Api(gateway.url, gateway.rootToken).get('/v1/me'), 200);
    expect((await readdir(folder.dataDir)).sort()).toEqual(
      expect.arrayContaining(['master-key', 'objects', 'postgres', 'root-token']),
    );
  });

  it('shows the token to a person at a terminal', async () => {
    // util-linux; there on every Debian, and what Debian's images have of a pseudo-terminal without a compiler.
    expect(existsSync('/usr/bin/script')).toBe(true);
    const terminal = spawn(
      'script',
      ['--quiet', '--return', '--command', `exec "${process.execPath}" "${MAIN}"`, '/dev/null'],
      {
        env: { PATH: process.env['PATH'] ?? '', PORT: '0', GATEHOLD_DATA_DIR: folder.dataDir },
        stdio: ['pipe', 'pipe', 'inherit'],
      },
    );
    let shown = '';
    terminal.stdout.on('data', (chunk: Buffer) => (shown += chunk.toString()));
    const closed = once(terminal, 'close') as Promise<[number]>;
    await eventually('the banner', async () => shown.includes('Ctrl-C stops it.'));
    expect(shown).toContain((await readFile(join(folder.dataDir, 'root-token'), 'utf8')).trim());
    const server = await folder.server();
    terminal.stdin.write('\u0003');
    expect((await closed)[0]).toBe(0);
    expect(await folder.serverIsGone(server)).toBe(true);
  });
});

describe('a start that cannot succeed', () => {
  it('reports every fault of the configuration at once, by name and never by value (OP-08)', async () => {
    const env = {
      PORT: 'canary-port',
      GATEHOLD_ROOT_TOKEN: 'canary-changeme',
      GATEHOLD_MASTER_KEY: 'canary-key',
      DATABASE_URL: 'canary-database',
      GATEHOLD_DRAIN_SECONDS: '-1',
    };
    const { code, output } = await GatewayProcess.run({ dataDir: folder.dataDir, env });
    expect(code).toBe(1);
    for (const name of Object.keys(env)) expect(output).toContain(`${name}: `);
    expect(output).not.toContain('canary');
    expect(await readdir(folder.dataDir)).toEqual([]);
  });

  it('names PORT when the port is taken, and leaves no process behind', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const { port } = other.address() as AddressInfo;
    try {
      const { code, output } = await GatewayProcess.run({
        dataDir: folder.dataDir,
        env: { PORT: String(port) },
      });
      expect(code).toBe(1);
      expect(output).toContain(`Port ${port} on 127.0.0.1 is in use. Set PORT to another one.`);
      expect(await folder.serverIsGone(null)).toBe(true);
    } finally {
      other.close();
    }
  });

  it('names GATEHOLD_DATA_DIR when the folder cannot be used', async () => {
    const file = join(folder.dataDir, 'a-file');
    await writeFile(file, '');
    const { code, output } = await GatewayProcess.run({ dataDir: join(file, 'data') });
    expect(code).toBe(1);
    expect(output).toMatch(/GATEHOLD_DATA_DIR/);
    expect(output).not.toMatch(/^\s+at /m);
  });

  it('names DATABASE_URL, not its password, when no database answers (OP-08)', async () => {
    const probe = createServer().listen(0, '127.0.0.1');
    await once(probe, 'listening');
    const { port } = probe.address() as AddressInfo;
    probe.close();
    const url = `postgres://someone:canary-password@127.0.0.1:${port}/nothing`;
    const { code, output } = await GatewayProcess.run({
      dataDir: folder.dataDir,
      env: { DATABASE_URL: url },
    });
    expect(code).toBe(1);
    expect(output).toMatch(/DATABASE_URL/);
    expect(output).not.toContain('canary');
    expect(output).not.toMatch(/^\s+at /m);
  });

  it('refuses a master key other than the one its database was sealed with', async () => {
    await (await folder.start()).signal('SIGTERM');
    const other = Buffer.from(Array.from({ length: 32 }, (_, index) => index)).toString('base64');
    const { code, output } = await GatewayProcess.run({
      dataDir: folder.dataDir,
      env: { GATEHOLD_MASTER_KEY: other },
    });
    expect(code).toBe(1);
    expect(output).toMatch(/GATEHOLD_MASTER_KEY .*is not the key this database was sealed/);
    expect(output).not.toContain(other);
    expect(await folder.serverIsGone(null)).toBe(true);
  });

  it('says that a data folder is in use, while the gateway on it goes on', async () => {
    const first = await folder.start();
    const second = await GatewayProcess.run({ dataDir: folder.dataDir });
    expect(second.code).toBe(1);
    expect(second.output).toMatch(/in use.*GATEHOLD_DATA_DIR/s);
    expectStatus(await new Api(first.url, first.rootToken).get('/v1/me'), 200);
    expect(await first.signal('SIGTERM')).toBe(0);
  });
});

describe("a start in an operator's shell", () => {
  it('is not led astray by the settings of libpq that are in it', async () => {
    const gateway = await folder.start({
      PGSSLMODE: 'require',
      PGHOST: 'nowhere.invalid',
      PGPORT: '1',
      PGUSER: 'nobody',
      PGPASSWORD: 'nothing',
      PGDATABASE: 'none',
      PGOPTIONS: '-c role=none',
      PGAPPNAME: 'shell',
    });
    expectStatus(await new Api(gateway.url, gateway.rootToken).get('/v1/me'), 200);
  });
});

describe('a root token that is changed', () => {
  it('works at the next start, and the old one is dead with the links it issued', async () => {
    const before = await folder.start({ GATEHOLD_ROOT_TOKEN: TOKEN_A });
    const root = new Api(before.url, TOKEN_A);
    const { id, editor } = await makeTenant(root);
    expectStatus(await editor.put('note', 'hello'), 201);
    const tenant = { headers: { 'x-tenant-id': id } };
    const made = await root.post('/v1/sources/note/links', { expires_in: 600 }, tenant);
    expectStatus(made, 201);
    const own = await editor.post('/v1/sources/note/links', { expires_in: 600 });
    await before.signal('SIGTERM');

    const after = await folder.start({ GATEHOLD_ROOT_TOKEN: TOKEN_B });
    expectStatus(await new Api(after.url, TOKEN_B).get('/v1/me'), 200);
    expectStatus(await new Api(after.url, TOKEN_A).get('/v1/me'), 401);
    const at = (link: string): string => new URL(link).pathname;
    const anonymous = new Api(after.url, null);
    expectStatus(await anonymous.get(at(made.json.url as string)), 410);
    expect((await anonymous.get(at(own.json.url as string))).text).toBe('hello');
    expectStatus(await new Api(after.url, editor.token).get('/v1/sources/note'), 200);
  });
});
