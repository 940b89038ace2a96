import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';

import { expectStatus, type Json } from '../support/api.js';
import { PropertyGateway } from '../support/property-gateway.js';
import type { Reply } from '../support/raw-http.js';

// A bound on hanging, not on speed: the machine may be busy with other suites.
jest.setTimeout(120_000);

const JSON_TYPE = 'application/json';
const DOCUMENT: Json = JSON.parse(
  readFileSync(fileURLToPath(new URL('../../openapi.json', import.meta.url)), 'utf8'),
);
const OPERATIONS = Object.entries(DOCUMENT.paths as Record<string, Record<string, Json>>).flatMap(
  ([path, methods]) =>
    Object.entries(methods)
      .filter(([, operation]) => operation.requestBody?.content[JSON_TYPE] !== undefined)
      .map(([method]): [string, string] => [method.toUpperCase(), path]),
);

let gateway: PropertyGateway;

beforeAll(async () => {
  gateway = await PropertyGateway.start();
  expectStatus(await gateway.tenant.editor.put('doc', 'Hello.'), 201);
});

afterAll(async () => gateway.dispose());

type Headers = Record<string, string | string[]>;

/** Sends a body to a documented operation, as the platform where tenants are made and as the tenant elsewhere. */
async function send(
  [method, path]: readonly [string, string],
  body: string | Buffer | Iterable<Buffer>,
  headers: Headers = {},
): Promise<Reply> {
  const { tenant, root } = gateway;
  const caller = path === '/v1/tenants' ? root : tenant.admin;
  const target = path
    .replace('{tenant_id}', tenant.id)
    .replace('{sub_tenant_id}', 'default')
    .replace('{source_id}', 'doc');
  const sent = { 'content-type': JSON_TYPE, ...headers };
  return await gateway.ask({ method, path: target, token: caller.token, headers: sent, body });
}

/** A refusal in the shape of its family that shows nothing of the inside (DL-13). */
function expectRefused(reply: Reply, path: string, ...statuses: number[]): void {
  expect(statuses).toContain(reply.status);
  if (path.startsWith('/fetch'))
    expect(Object.keys(reply.json.detail as object)).toEqual(['success', 'message', 'error_code']);
  else expect(reply.json).toMatchObject({ status: reply.status, code: expect.stringMatching(/^[a-z_]+$/) });
  expect(reply.text).not.toMatch(/node_modules|\.js:\d|at \w+ \(|SELECT |INSERT |syntax error/);
}

describe.each(OPERATIONS)('the JSON body of %s %s', (...operation) => {
  const [, path] = operation;

  it('is an object (IV-03)', async () => {
    for (const body of ['[]', 'null', '"s"', '1', 'true', '[{}]'])
      expectRefused(await send(operation, body), path, path.startsWith('/fetch') ? 400 : 422, 422);
  });

  it('has no prototype keys, at any depth (IV-01)', async () => {
    for (const key of ['{"__proto__":{"p":1}}', '{"constructor":{"prototype":{"p":1}}}'])
      for (const body of [key, `{"name":${key}}`, `{"metadata":[{"a":${key}}]}`])
        expectRefused(await send(operation, body), path, 400);
  });

  it('is not deep (IV-11)', async () => {
    for (const depth of [100, 10_000, 100_000])
      for (const body of [
        `{"a":${'['.repeat(depth)}${']'.repeat(depth)}}`,
        `${'{"a":'.repeat(depth)}1${'}'.repeat(depth)}`,
      ])
        expectRefused(await send(operation, body), path, 400);
  });

  it('is UTF-8 that is JSON (IV-04, IV-09)', async () => {
    const bodies = [
      '{"name":"\xc3\x28"}',
      '{"name":"\xed\xa0\x80"}',
      '{"name":NaN}',
      '{"name":01}',
      '{"name":٣}',
      '{',
      '',
    ];
    for (const text of bodies.slice(0, -1)) {
      const body = Buffer.from(text, text.includes('٣') ? 'utf8' : 'latin1');
      expectRefused(await send(operation, body), path, 400);
    }
    for (const encoding of ['utf16le'] as const)
      expectRefused(await send(operation, Buffer.from('{"name":"x"}', encoding)), path, 400);
  });

  it('is coded as JSON and nothing else (IV-05)', async () => {
    for (const type of [
      'text/plain',
      'application/json; charset=utf-16',
      'application/jsonx',
      'multipart/form-data; boundary=b',
      'application/x-www-form-urlencoded',
    ])
      expectRefused(await send(operation, '{"no_such_field":1}', { 'content-type': type }), path, 415);
    // However the right type is spelled, the same checks look at the body.
    for (const type of [
      'APPLICATION/JSON',
      'application/json\t;',
      'application/json ; x=y',
      ' application/json',
    ])
      expectRefused(await send(operation, '[]', { 'content-type': type }), path, 400, 422);
  });

  it('is never inflated (RS-06)', async () => {
    const plain = Buffer.alloc(16 * 1024 * 1024, ' ');
    for (const [coding, bytes] of Object.entries({
      gzip: gzipSync(plain),
      br: brotliCompressSync(plain.subarray(0, 1024 * 1024)),
      deflate: deflateSync(plain),
    }))
      expectRefused(await send(operation, bytes, { 'content-encoding': coding }), path, 415);
  });

  it('is not read beyond its limit (RS-07)', async () => {
    let sent = 0;
    const chunk = Buffer.alloc(64 * 1024, ' ');
    function* endless(): Generator<Buffer> {
      for (; sent < 100 * 1024 * 1024; sent += chunk.length) yield chunk;
    }
    expectRefused(await send(operation, endless()), path, 413);
    expect(sent).toBeLessThan(50 * 1024 * 1024);
  });

  it('has no field beyond those that are documented, where the family says so (IV-02)', async () => {
    if (path.startsWith('/fetch')) {
      const body = { tenant_id: gateway.tenant.id, source_id: 'doc', no_such_field: 1 };
      expect((await send(operation, JSON.stringify(body))).status).toBe(200);
      return;
    }
    const reply = await send(operation, '{"no_such_field":1,"constructor":2}');
    expectRefused(reply, path, 422);
    expect(reply.json.errors).toContainEqual(expect.objectContaining({ code: 'unknown' }));
  });
});

describe('all of these together', () => {
  it('left an unharmed gateway', async () => {
    await expect(gateway.expectUnharmed()).resolves.toBeUndefined();
  });
});
