import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { Agent } from 'node:http';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

import { Api, expectStatus, makeTenant, type TestTenant } from '../support/api.js';
import { eventually } from '../support/eventually.js';
import { countRows, untilFiles } from '../support/gateway-inside.js';
import { spawnGateway, type GatewayProcess } from '../support/gateway-process.js';
import { RestartableGateway } from '../support/restartable-gateway.js';
import { beginDownload, beginUpload, readAll, readBytes } from '../support/slow-client.js';

jest.setTimeout(90_000);

/** More than the sockets' buffers on both sides hold, so that a download of it cannot end unread. */
const LARGE = Buffer.alloc(24 * 2 ** 20, 'gatehold ');

let folder: RestartableGateway;

beforeEach(async () => {
  folder = await RestartableGateway.make();
});

afterEach(() => folder.dispose());

/** A tenant with one large source. */
async function withLargeSource(gateway: GatewayProcess): Promise<TestTenant> {
  const tenant = await makeTenant(new Api(gateway.url, gateway.rootToken));
  expectStatus(await tenant.editor.put('large', LARGE), 201);
  return tenant;
}

describe.each(['SIGTERM', 'SIGINT'] as const)('%s', (signal) => {
  it('lets what is in flight finish, turns readiness off, and leaves nothing behind (OP-04)', async () => {
    const gateway = await folder.start();
    const server = await folder.server();
    const { editor } = await withLargeSource(gateway);
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
    expect(await folder.serverIsGone(server)).toBe(true);

    const again = await folder.start();
    expect((await new Api(again.url, editor.token).get('/v1/sources/slow/content')).text).toBe('0123456789');
  });
});

describe('the end of a gateway', () => {
  it('cuts what the drain limit does not wait for, and nothing half of it is available (OP-04)', async () => {
    const gateway = await folder.start({ GATEHOLD_DRAIN_SECONDS: '1' });
    const server = await folder.server();
    const tenant = await withLargeSource(gateway);
    const { editor } = tenant;
    const download = await beginDownload(gateway.url, editor.token ?? '', '/v1/sources/large/content');
    const upload = await beginUpload(gateway.url, editor.token ?? '', 'cut', { 'content-length': '10' });
    upload.request.write('01234');
    const began = performance.now();
    expect(await gateway.signal('SIGTERM')).toBe(0);
    expect(performance.now() - began).toBeLessThan(10_000);
    await expect(upload.answer).rejects.toThrow();
    await expect(readAll(download)).rejects.toThrow();
    expect(gateway.log).not.toMatch(/"level":"fatal"/);
    expect(await folder.serverIsGone(server)).toBe(true);
    const again = await folder.start();
    expectStatus(await new Api(again.url, editor.token).get('/v1/sources/cut'), 404);
    expect(await countRows(again.dataDir, 'uploads', tenant.id)).toBe(0);
    await untilFiles(again.dataDir, editor, 1);
  });

  it('comes cleanly when it is asked for during the start', async () => {
    const child = spawnGateway(folder.dataDir, {});
    let output = '';
    child.stderr?.resume();
    const exited = once(child, 'close') as Promise<[number | null]>;
    child.stdout?.on('data', (chunk: Buffer) => {
      output += chunk.toString();
      if (output.includes('making the embedded database')) child.kill('SIGTERM');
    });
    expect((await exited)[0]).toBe(0);
    expect(output).toContain('"msg":"stopped"');
    expect(await folder.serverIsGone(null)).toBe(true);
    expectStatus(await (async () => new Api((await folder.start()).url, null).get('/health/ready'))(), 200);
  });

  it('follows the end of its own database server: 503 meanwhile, then an exit code of failure', async () => {
    const gateway = await folder.start();
    const server = await folder.server();
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
    const again = await folder.start();
    expectStatus(await new Api(again.url, again.rootToken).get('/v1/me'), 200);
  });
});

describe.each(['throws', 'rejects'] as const)('an error that nothing handles and that %s (OP-05)', (way) => {
  it('is logged, ends the process with a failure, and takes the database server along', async () => {
    const fault = join(folder.dataDir, 'fault.mjs');
    const raise = way === 'throws' ? 'throw error;' : 'void Promise.reject(error);';
    const hook = `process.on('SIGUSR2', () => { const error = new Error('planted fault'); ${raise} });`;
    await writeFile(fault, hook);
    const gateway = await folder.start({ NODE_OPTIONS: `--import ${pathToFileURL(fault).href}` });
    const server = await folder.server();
    expect(await gateway.signal('SIGUSR2')).toBe(1);
    expect(gateway.log).toMatch(/"level":"fatal".*planted fault/);
    expect(await folder.serverIsGone(server)).toBe(true);
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
