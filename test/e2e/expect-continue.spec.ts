import { describe, expect, it } from '@jest/globals';
import { createHash } from 'node:crypto';
import { request as httpRequest, type ClientRequest, type IncomingMessage } from 'node:http';

import { makeTenant, type Api } from '../support/api.js';
import { sharedGateway } from '../support/shared-gateway.js';

const { root, anonymous } = sharedGateway();
const tenant = await makeTenant(root);

interface Exchange {
  readonly continued: boolean;
  readonly status: number;
}

/** Announces a body, sends it only when told to go on, and says whether that happened. */
function announce(
  api: Api,
  method: string,
  path: string,
  headers: Record<string, string>,
  body: string,
): Promise<Exchange> {
  return new Promise((resolve, reject) => {
    let continued = false;
    const authorization = api.token === null ? {} : { authorization: `Bearer ${api.token}` };
    const request: ClientRequest = httpRequest(`${api.url}${path}`, {
      method,
      headers: { ...authorization, ...headers, expect: '100-continue' },
    });
    request.on('continue', () => {
      continued = true;
      request.end(body);
    });
    request.on('response', (response: IncomingMessage) => {
      response.resume();
      response.on('end', () => resolve({ continued, status: response.statusCode ?? 0 }));
      request.destroy();
      if (!continued) resolve({ continued, status: response.statusCode ?? 0 });
    });
    request.on('error', (error) => {
      if (!continued) reject(error);
    });
    request.flushHeaders();
  });
}

describe('Expect: 100-continue', () => {
  const length = { 'content-length': '5' };

  it('AN-02: gets its refusal before the body when there is no token', async () => {
    expect(await announce(anonymous, 'PUT', '/v1/sources/c1/content', length, 'hello')).toEqual({
      continued: false,
      status: 401,
    });
  });

  it('gets its refusal before the body when the role does not allow the upload', async () => {
    expect(await announce(tenant.viewer, 'PUT', '/v1/sources/c2/content', length, 'hello')).toEqual({
      continued: false,
      status: 403,
    });
  });

  it('UP-02: gets its refusal before the body when the declared size is beyond the limit', async () => {
    const huge = { 'content-length': String(6 * 1024 ** 4) };
    expect(await announce(tenant.editor, 'PUT', '/v1/sources/c3/content', huge, '')).toEqual({
      continued: false,
      status: 413,
    });
    const form = { ...huge, 'content-type': 'multipart/form-data; boundary=b' };
    expect(await announce(tenant.editor, 'POST', '/v1/sources', form, '')).toEqual({
      continued: false,
      status: 413,
    });
  });

  it('UP-15: gets its refusal before the body when a quota has no room for it', async () => {
    const small = await makeTenant(root);
    await root.patch(`/v1/tenants/${small.id}`, { quota_bytes: 4 });
    expect(await announce(small.editor, 'PUT', '/v1/sources/c5/content', length, 'hello')).toEqual({
      continued: false,
      status: 507,
    });
    const form = {
      'content-length': '2000000',
      'content-type': 'multipart/form-data; boundary=b',
    };
    expect(await announce(small.editor, 'POST', '/v1/sources', form, '')).toEqual({
      continued: false,
      status: 507,
    });
  });

  it.each([
    ['raw', 'PUT', '/v1/sources/c4/content', {}, 'hello', 201],
    [
      'form',
      'POST',
      '/v1/sources',
      { 'content-type': 'multipart/form-data; boundary=b' },
      form('hello'),
      201,
    ],
    ['JSON', 'PATCH', '/v1/sources/c4', { 'content-type': 'application/json' }, '{"name":"n"}', 200],
  ] as const)(
    'is told to go on with a %s body that is welcome',
    async (_kind, method, path, headers, body, status) => {
      const all = { ...headers, 'content-length': String(Buffer.byteLength(body)) };
      expect(await announce(tenant.editor, method, path, all, body)).toEqual({ continued: true, status });
    },
  );
});

describe('a digest claimed for a form', () => {
  const type = { 'content-type': 'multipart/form-data; boundary=b' };

  it.each([
    ['of the whole body', (body: string) => body],
    ['of the file', () => 'hello'],
  ])('UP-08: is accepted when it is the one %s', async (_of, digested) => {
    const body = form('hello');
    const answer = await tenant.editor.request('POST', '/v1/sources', {
      body,
      headers: { ...type, ...digest(digested(body)) },
    });
    expect(answer.status).toBe(201);
  });

  it('UP-08: is refused when it is neither, and nothing is stored', async () => {
    const before = (await tenant.editor.get('/v1/sources?limit=100')).json.data.length;
    const answer = await tenant.editor.request('POST', '/v1/sources', {
      body: form('hello'),
      headers: { ...type, ...digest('other') },
    });
    expect(answer.status).toBe(422);
    expect((await tenant.editor.get('/v1/sources?limit=100')).json.data).toHaveLength(before);
  });
});

describe('a form as a browser sends it', () => {
  it('may leave its inputs empty', async () => {
    const answer = await tenant.editor.upload('hello', 'empty-inputs.txt', 'text/plain', {
      source_id: '',
      name: '',
      metadata: '',
    });
    expect(answer.status).toBe(201);
    expect(answer.json).toMatchObject({ external_id: null, name: 'empty-inputs.txt', metadata: {} });
  });
});

function form(content: string): string {
  return `--b\r\nContent-Disposition: form-data; name="file"; filename="h.txt"\r\nContent-Type: text/plain\r\n\r\n${content}\r\n--b--\r\n`;
}

function digest(content: string): Record<string, string> {
  return { 'content-digest': `sha-256=:${createHash('sha256').update(content).digest('base64')}:` };
}
