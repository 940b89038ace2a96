import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { Agent } from 'node:http';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

import { Api, expectStatus, makeTenant } from '../support/api.js';
import { eventually } from '../support/eventually.js';
import { GatewayProcess, isRunning, MAIN, serverPid, spawnGateway } from '../support/gateway-process.js';
import { beginDownload, beginUpload, readAll, readBytes } from '../support/slow-client.js';

jest.setTimeout(90_000);

/** More than the sockets' buffers on both sides hold, so that a download of it cannot end unread. */
const LARGE = Buffer.alloc(24 * 2 ** 20, 'gatehold ');
const TOKEN_A = 'root-token-A-0123456789-abcdefghijk';
const TOKEN_B = 'root-token-B-0123456789-abcdefghijk';

let dataDir: string;
let gateways: GatewayProcess[];

beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'gatehold-start-'));
  gateways = [];
});

afterEach(async () => {
  for (const gateway of gateways) await gateway.dispose();
  const server = await serverPid(dataDir);
  if (server !== null && (await isRunning(server))) process.kill(server, 'SIGKILL');
  await rm(dataDir, { recursive: true, force: true, maxRetries: 5 });
});

async function start(env: Record<string, string> = {}): Promise<GatewayProcess> {
  const gateway = await GatewayProcess.start({ dataDir, env });
  gateways.push(gateway);
  return gateway;
}

/** The embedded server must not outlive its gateway. */
async function expectNoServer(pid: number | null): Promise<void> {
  expect(await serverPid(dataDir)).toBeNull();
  if (pid !== null) expect(await isRunning(pid)).toBe(false);
}

/** A tenant with one large source, and what its editor may do. */
async function withLargeSource(gateway: GatewayProcess): Promise<Api> {
  const { editor } = await makeTenant(new Api(gateway.url, gateway.rootToken));
  expectStatus(await editor.put('large', LARGE), 201);
  return editor;
}

describe('the first start', () => {
  it('makes both secrets for its owner alone, and names the file without its content (AN-12)', async () => {
    const gateway = await start();
    for (const name of ['root-token', 'master-key']) {
      expect((await stat(join(dataDir, name))).mode & 0o777).toBe(0o600);
      const secret = (await readFile(join(dataDir, name), 'utf8')).trim();
      expect(gateway.log).not.toContain(secret);
    }
    expect(gateway.log).toContain(join(dataDir, 'root-token'));
    expectStatus(await new Api(gateway.url, gateway.rootToken).get('/v1/me'), 200);
    expect((await readdir(dataDir)).sort()).toEqual(
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
        env: { PATH: process.env['PATH'] ?? '', PORT: '0', GATEHOLD_DATA_DIR: dataDir },
        stdio: ['pipe', 'pipe', 'inherit'],
      },
    );
    let shown = '';
    terminal.stdout.on('data', (chunk: Buffer) => (shown += chunk.toString()));
    const closed = once(terminal, 'close') as Promise<[number]>;
    await eventually('the banner', async () => shown.includes('Ctrl-C stops it.'));
    expect(shown).toContain((await readFile(join(dataDir, 'root-token'), 'utf8')).trim());
    const server = await serverPid(dataDir);
    terminal.stdin.write('\u0003');
    expect((await closed)[0]).toBe(0);
    await expectNoServer(server);
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
    const { code, output } = await GatewayProcess.run({ dataDir, env });
    expect(code).toBe(1);
    for (const name of Object.keys(env)) expect(output).toContain(`${name}: `);
    expect(output).not.toContain('canary');
    expect(await readdir(dataDir)).toEqual([]);
  });

  it('names PORT when the port is taken, and leaves no process behind', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const { port } = other.address() as AddressInfo;
    try {
      const { code, output } = await GatewayProcess.run({ dataDir, env: { PORT: String(port) } });
      expect(code).toBe(1);
      expect(output).toContain(`Port ${port} on 127.0.0.1 is in use. Set PORT to another one.`);
      await expectNoServer(null);
    } finally {
      other.close();
    }
  });

  it('names GATEHOLD_DATA_DIR when the folder cannot be used', async () => {
    const file = join(dataDir, 'a-file');
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
    const { code, output } = await GatewayProcess.run({ dataDir, env: { DATABASE_URL: url } });
    expect(code).toBe(1);
    expect(output).toMatch(/DATABASE_URL/);
    expect(output).not.toContain('canary');
    expect(output).not.toMatch(/^\s+at /m);
  });

  it('refuses a master key other than the one its database was sealed with', async () => {
    await (await start()).signal('SIGTERM');
    const other = Buffer.from(Array.from({ length: 32 }, (_, index) => index)).toString('base64');
    const { code, output } = await GatewayProcess.run({ dataDir, env: { GATEHOLD_MASTER_KEY: other } });
    expect(code).toBe(1);
    expect(output).toMatch(/GATEHOLD_MASTER_KEY .*is not the key this database was sealed/);
    expect(output).not.toContain(other);
    await expectNoServer(null);
  });

  it('says that a data folder is in use, while the gateway on it goes on', async () => {
    const first = await start();
    const second = await GatewayProcess.run({ dataDir });
    expect(second.code).toBe(1);
    expect(second.output).toMatch(/in use.*GATEHOLD_DATA_DIR/s);
    expectStatus(await new Api(first.url, first.rootToken).get('/v1/me'), 200);
    expect(await first.signal('SIGTERM')).toBe(0);
  });
});

describe("a start in an operator's shell", () => {
  it('is not led astray by the settings of libpq that are in it', async () => {
    const gateway = await start({
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
    const before = await start({ GATEHOLD_ROOT_TOKEN: TOKEN_A });
    const root = new Api(before.url, TOKEN_A);
    const { id, editor } = await makeTenant(root);
    expectStatus(await editor.put('note', 'hello'), 201);
    const tenant = { headers: { 'x-tenant-id': id } };
    const made = await root.post('/v1/sources/note/links', { expires_in: 600 }, tenant);
    expectStatus(made, 201);
    const own = await editor.post('/v1/sources/note/links', { expires_in: 600 });
    await before.signal('SIGTERM');

    const after = await start({ GATEHOLD_ROOT_TOKEN: TOKEN_B });
    expectStatus(await new Api(after.url, TOKEN_B).get('/v1/me'), 200);
    expectStatus(await new Api(after.url, TOKEN_A).get('/v1/me'), 401);
    const at = (link: string): string => new URL(link).pathname;
    const anonymous = new Api(after.url, null);
    expectStatus(await anonymous.get(at(made.json.url as string)), 410);
    expect((await anonymous.get(at(own.json.url as string))).text).toBe('hello');
    expectStatus(await new Api(after.url, editor.token).get('/v1/sources/note'), 200);
  });
});

describe.each(['SIGTERM', 'SIGINT'] as const)('%s', (signal) => {
  it('lets what is in flight finish, turns readiness off, and leaves nothing behind (OP-04)', async () => {
    const gateway = await start();
    const server = await serverPid(dataDir);
    const editor = await withLargeSource(gateway);
    const idle = await idleConnection(gateway.url);
    const idleClosed = once(idle, 'close');
    const unused = connect(Number(new URL(gateway.url).port), '127.0.0.1');
    await once(unused, 'connect');
    // Kept alive, as every pooling client does: a connection that gets idle during the drain must not prolong it.
    const agent = new Agent({ keepAlive: true });
    const download = await beginDownload(gateway.url, editor.token ?? '', '/v1/sources/large/content', agent);
    const upload = await beginUpload(gateway.url, editor.token ?? '', 'slow', { 'content-length': '10' });
    upload.request.write('01234');

    const began = performance.now();
    const ended = gateway.signal(signal);
    await gateway.said(/"msg":"stopping"/);
    await idleClosed;
    await eventually('readiness is off', async () => {
      const status = await fetch(`${gateway.url}/health/ready`).then(
        (answer) => answer.status,
        () => 'refused',
      );
      return status === 503 || status === 'refused';
    });
    gateway.child.kill('SIGTERM');
    gateway.child.kill('SIGINT');
    upload.request.end('56789');
    const [stored, bytes] = await Promise.all([upload.answer, readBytes(download)]);
    expect(stored.status).toBe(201);
    expect(bytes.equals(LARGE)).toBe(true);
    expect(await ended).toBe(0);
    expect(performance.now() - began).toBeLessThan(15_000);
    agent.destroy();
    unused.destroy();
    expect(gateway.log).toContain('"msg":"stopped"');
    await expectNoServer(server);

    const again = await start();
    expect((await new Api(again.url, editor.token).get('/v1/sources/slow/content')).text).toBe('0123456789');
  });
});

describe('the end of a gateway', () => {
  it('cuts what the drain limit does not wait for, and nothing half of it is available', async () => {
    const gateway = await start({ GATEHOLD_DRAIN_SECONDS: '1' });
    const server = await serverPid(dataDir);
    const editor = await withLargeSource(gateway);
    const download = await beginDownload(gateway.url, editor.token ?? '', '/v1/sources/large/content');
    const upload = await beginUpload(gateway.url, editor.token ?? '', 'cut', { 'content-length': '10' });
    upload.request.write('01234');
    const began = performance.now();
    expect(await gateway.signal('SIGTERM')).toBe(0);
    expect(performance.now() - began).toBeLessThan(10_000);
    await expect(upload.answer).rejects.toThrow();
    await expect(readAll(download)).rejects.toThrow();
    expect(gateway.log).not.toMatch(/"level":"fatal"/);
    await expectNoServer(server);
    const again = await start();
    expectStatus(await new Api(again.url, editor.token).get('/v1/sources/cut'), 404);
  });

  it('comes cleanly when it is asked for during the start', async () => {
    const child = spawnGateway(dataDir, {});
    let output = '';
    child.stderr?.resume();
    const exited = once(child, 'close') as Promise<[number | null]>;
    child.stdout?.on('data', (chunk: Buffer) => {
      output += chunk.toString();
      if (output.includes('making the embedded database')) child.kill('SIGTERM');
    });
    expect((await exited)[0]).toBe(0);
    expect(output).toContain('"msg":"stopped"');
    await expectNoServer(null);
    expectStatus(await (async () => new Api((await start()).url, null).get('/health/ready'))(), 200);
  });

  it('follows the end of its own database server: 503 meanwhile, then an exit code of failure', async () => {
    const gateway = await start();
    const server = await serverPid(dataDir);
    const root = new Api(gateway.url, gateway.rootToken);
    expectStatus(await root.get('/v1/me'), 200);
    const statuses: (number | 'refused')[] = [];
    const ended = gateway.ended();
    process.kill(server ?? -1, 'SIGKILL');
    for (let last: number | 'refused' = 0; last !== 'refused'; statuses.push(last)) {
      last = await root.get('/v1/tenants').then(
        (answer) => answer.status,
        () => 'refused' as const,
      );
    }
    expect(await ended).toBe(1);
    expect(gateway.log).toMatch(/"level":"fatal".*"The embedded PostgreSQL server ended by SIGKILL/);
    // An answer that was sent before the server died may still be a good one; after a failure none is.
    const failed = statuses.findIndex((status) => status !== 200);
    expect(new Set(statuses.slice(failed))).toEqual(
      statuses.slice(failed).length > 1 ? new Set([503, 'refused']) : new Set(['refused']),
    );
    const again = await start();
    expectStatus(await new Api(again.url, again.rootToken).get('/v1/me'), 200);
  });
});

describe.each(['throws', 'rejects'] as const)('an error that nothing handles and that %s (OP-05)', (way) => {
  it('is logged, ends the process with a failure, and takes the database server along', async () => {
    const fault = join(dataDir, 'fault.mjs');
    const raise = way === 'throws' ? 'throw error;' : 'void Promise.reject(error);';
    const hook = `process.on('SIGUSR2', () => { const error = new Error('planted fault'); ${raise} });`;
    await writeFile(fault, hook);
    const gateway = await start({ NODE_OPTIONS: `--import ${pathToFileURL(fault).href}` });
    const server = await serverPid(dataDir);
    expect(await gateway.signal('SIGUSR2')).toBe(1);
    expect(gateway.log).toMatch(/"level":"fatal".*planted fault/);
    await expectNoServer(server);
  });
});

describe('transfers that are slow but go on (UP-06)', () => {
  it('are not cut by the idle timeout, and silent ones are', async () => {
    const gateway = await start({ GATEHOLD_IDLE_TIMEOUT_SECONDS: '1' });
    const editor = await withLargeSource(gateway);
    const token = editor.token ?? '';
    const silent = await beginUpload(gateway.url, token, 'silent', { 'content-length': '10' });
    const unread = await beginDownload(gateway.url, token, '/v1/sources/large/content');
    const upload = await beginUpload(gateway.url, token, 'steady', { 'transfer-encoding': 'chunked' });
    const download = await beginDownload(gateway.url, token, '/v1/sources/large/content');
    const [bytes] = await Promise.all([readSlowly(download, 4_000), sendSlowly(upload.request, 4_000)]);
    expect(bytes.equals(LARGE)).toBe(true);
    expect((await upload.answer).status).toBe(201);
    await expect(silent.answer).rejects.toThrow();
    await expect(readAll(unread)).rejects.toThrow();
    expectStatus(await editor.get('/v1/sources/silent'), 404);
  });
});

/** A connection that has had one answer and is kept open. */
async function idleConnection(url: string): Promise<Socket> {
  const agent = new Agent({ keepAlive: true });
  const response = await beginDownload(url, '', '/health/live', agent);
  const { socket } = response;
  await readAll(response);
  return socket;
}

async function readSlowly(response: NodeJS.ReadableStream, durationMs: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  const began = performance.now();
  let size = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    chunks.push(chunk);
    size += chunk.length;
    const due = (size / LARGE.length) * durationMs;
    await pause(began + due - performance.now());
  }
  return Buffer.concat(chunks);
}

async function sendSlowly(request: NodeJS.WritableStream, durationMs: number): Promise<void> {
  for (let sent = 0; sent < durationMs; sent += 200) {
    request.write('x');
    await pause(200);
  }
  request.end();
}

/** Slowness itself is what is tested here: there is nothing to wait for. */
function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, Math.max(0, ms)));
}
