import { EmbeddedPostgres } from '#database';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { Api, expectStatus, makeTenant, type TestTenant } from '../support/api.js';
import { GatewayProcess } from '../support/gateway-process.js';

jest.setTimeout(90_000);

describe.each(['debug', 'trace'])('the log at level %s (OP-01)', (level) => {
  let root: string;
  let server: EmbeddedPostgres;
  let gateway: GatewayProcess;
  let tenant: TestTenant;
  const secrets = new Map<string, string>();

  beforeAll(async () => {
    secrets.clear();
    root = await mkdtemp(join(tmpdir(), 'gatehold-secrets-'));
    server = await EmbeddedPostgres.start({ dataDir: join(root, 'server'), log: () => undefined });
    const dataDir = join(root, 'data');
    gateway = await GatewayProcess.start({
      dataDir,
      env: { DATABASE_URL: server.ownerUrl, GATEHOLD_LOG_LEVEL: level },
    });
    secrets.set('the password of DATABASE_URL', new URL(server.ownerUrl).password);
    secrets.set('the root token', gateway.rootToken);
    secrets.set('the master key', (await readFile(join(dataDir, 'master-key'), 'utf8')).trim());
    tenant = await makeTenant(new Api(gateway.url, gateway.rootToken));
    for (const role of ['admin', 'editor', 'viewer', 'uploader'] as const)
      secrets.set(`the ${role} token`, tenant[role].token ?? '');
  });

  afterAll(async () => {
    await gateway.dispose();
    await server.stop();
    await rm(root, { recursive: true, force: true });
  });

  /** A value that stands nowhere else. */
  function canary(what: string): string {
    const value = `canary${randomBytes(12).toString('hex')}`;
    secrets.set(what, value);
    return value;
  }

  it('holds no secret, whatever carries one and however the request ends', async () => {
    const { editor, viewer } = tenant;
    const stored = await editor.put('note', canary('a body'));
    expectStatus(stored, 201);
    const link = (await editor.post('/v1/sources/note/links', { expires_in: 600 })).json.url as string;
    const path = new URL(link).pathname;
    secrets.set('a link', path.slice('/l/'.length));
    const anonymous = editor.as(null);
    expectStatus(await anonymous.get(path), 200);
    expectStatus(await anonymous.get(`/${path}`), 404);
    await anonymous.get(`${path}x?${canary('the query of a link')}`);
    await anonymous.get(`/l/${canary('a link of nobody')}`);
    const seed = await editor.get(`/knowledge-base/sources/${stored.json.source_id as string}/download`);
    expectStatus(seed, 200);
    const stateless = new URL(seed.json.download_url as string).pathname;
    secrets.set('a stateless link', stateless.slice('/l/'.length));
    expectStatus(await anonymous.get(stateless), 200);

    await editor.as(canary('a wrong token')).get('/v1/me');
    await editor.as(`${editor.token ?? ''}x`).get('/v1/me');
    await anonymous.get('/v1/me', { headers: { authorization: `Basic ${canary('basic credentials')}` } });
    await anonymous.get('/v1/me', { headers: { cookie: canary('a cookie'), 'x-api-key': canary('a key') } });
    await editor.get(`/v1/sources?name_prefix=${canary('a query')}&unknown=${canary('an unknown query')}`);
    await anonymous.get(`/v1/me?access_token=${editor.token ?? ''}`);
    await anonymous.get(`/nowhere/${editor.token ?? ''}`);
    await editor.post('/v1/sources/note/links', { expires_in: canary('a bad field') });
    await editor.request('POST', '/v1/sources/note/links', {
      body: `{"expires_in": "${canary('a broken body')}`,
      headers: { 'content-type': 'application/json' },
    });
    await editor.patch('/v1/sources/note', { metadata: { secret: canary('metadata') } });
    await viewer.post('/v1/sources/note/links', { expires_in: 60, filename: canary('a refused body') });
    await editor.upload(canary('a file'), canary('a file name'), 'text/plain', { name: canary('a name') });
    await sendRaw(
      gateway.url,
      `GET /v1/me HTTP/1.1\r\nHost: x\r\nAuthorization: ${canary('a broken header')}\u0000\r\n\r\n`,
    );
    // A failure inside: what the database says of a statement quotes its values.
    await editor.post('/v1/sources/note/links', {
      expires_in: 600,
      filename: `${canary('a NUL name')}\u0000`,
    });
    await gateway.signal('SIGTERM');

    expect(gateway.log.length).toBeGreaterThan(1_000);
    for (const [what, secret] of secrets) {
      expect(secret.length).toBeGreaterThan(16);
      const told = gateway.log.split('\n').filter((line) => line.includes(secret));
      expect([what, told.map((line) => line.replaceAll(secret, '***'))]).toEqual([what, []]);
    }
  });
});

describe('the request id', () => {
  it('is in the log line, the answer header and the problem document, and a harmless one of the caller is kept', async () => {
    const gateway = await GatewayProcess.start();
    try {
      const root = new Api(gateway.url, gateway.rootToken);
      const own = await root.get('/v1/sources/none', { headers: { 'x-request-id': 'caller-0123456789' } });
      expect(own.headers.get('x-request-id')).toBe('caller-0123456789');
      expect(own.json.request_id).toBe('caller-0123456789');
      const forged = await root.get('/v1/me', { headers: { 'x-request-id': 'x","level":"fatal' } });
      expect(forged.headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/);
      const answers = [own, forged, await root.get('/nowhere'), await root.as(null).get('/v1/me')];
      await gateway.signal('SIGTERM');
      const lines = gateway.log
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => JSON.parse(line) as Record<string, unknown>);
      const requests = lines.filter(({ msg }) => msg === 'request');
      expect(requests).toHaveLength(answers.length);
      for (const [index, answer] of answers.entries()) {
        const id = answer.headers.get('x-request-id');
        expect(requests[index]).toMatchObject({ request_id: id, status: answer.status });
        if (answer.status >= 400) expect(answer.json.request_id).toBe(id);
      }
    } finally {
      await gateway.dispose();
    }
  });

  it('stands in lines that no name can break or forge (OP-07)', async () => {
    const gateway = await GatewayProcess.start({ env: { GATEHOLD_LOG_LEVEL: 'debug' } });
    try {
      const { editor } = await makeTenant(new Api(gateway.url, gateway.rootToken));
      await editor.get(`/v1/sources/${encodeURIComponent('a\n{"level":"fatal","msg":"forged"}\u001b[31m')}`);
      await gateway.signal('SIGTERM');
      for (const line of gateway.log.split('\n').filter((text) => text !== ''))
        expect((JSON.parse(line) as { level: string }).level).not.toBe('fatal');
      expect(gateway.log).not.toContain('\u001b');
    } finally {
      await gateway.dispose();
    }
  });
});

/** Bytes that no client library would send; resolves when the gateway has closed the connection. */
async function sendRaw(url: string, text: string): Promise<void> {
  const socket = connect(Number(new URL(url).port), '127.0.0.1');
  socket.on('error', () => undefined);
  socket.resume();
  socket.write(text);
  await once(socket, 'close');
}
