import { Readable } from 'node:stream';
import { CommonErrors } from '#kernel';
import { describe, expect, it } from '@jest/globals';
import { JSON_BODY_LIMIT, readBody as readBodyThen } from './body-reading.js';
import type { GatewayRequest } from './gateway-request.js';
import { HttpErrors } from './http-errors.js';
import type { BodyMode } from './operation.js';

const JSON_TYPE = { 'content-type': 'application/json' };

function requestOf(mode: BodyMode | undefined, headers: Record<string, string> = JSON_TYPE): GatewayRequest {
  const config = mode === undefined ? {} : { operation: { body: mode } };
  return { headers, raw: {}, routeOptions: { config } } as unknown as GatewayRequest;
}

function readBody(request: GatewayRequest, payload: Readable): Promise<unknown> {
  return new Promise((resolve, reject) => {
    readBodyThen(request, payload, (error, body) => (error === null ? resolve(body) : reject(error)));
  });
}

function read(
  body: string | Buffer | Buffer[],
  headers?: Record<string, string>,
  mode: BodyMode = 'json',
): Promise<unknown> {
  const chunks = Array.isArray(body) ? body : [Buffer.from(body)];
  return readBody(requestOf(mode, headers), Readable.from(chunks.filter((chunk) => chunk.length > 0)));
}

describe('readBody of JSON', () => {
  it('parses an object, however it was cut on the way', async () => {
    const text = JSON.stringify({ name: 'Größe 📄', list: [1, 2.5, null, true] });
    const bytes = Buffer.from(text);
    await expect(read(text)).resolves.toEqual(JSON.parse(text));
    await expect(read([...bytes].map((byte) => Buffer.from([byte])))).resolves.toEqual(JSON.parse(text));
  });

  it('reads an absent body as an empty object, with or without a type', async () => {
    await expect(read('')).resolves.toEqual({});
    await expect(read('', {})).resolves.toEqual({});
  });

  it.each([
    'application/json',
    'APPLICATION/JSON',
    ' application/json ',
    'application/json;charset=utf-8',
    'application/json; charset="UTF-8"',
    'application/json ;charset=utf8',
    'application/problem+json',
    'application/vnd.acme.v1+json; profile=x',
  ])('IV-05: takes the type %p', async (type) => {
    await expect(read('{"a":1}', { 'content-type': type })).resolves.toEqual({ a: 1 });
  });

  it.each([
    '',
    'text/plain',
    'text/json',
    'application/jsonx',
    'application/x-json',
    'application/xjson',
    'application/json, text/plain',
    'application/json; charset=utf-16',
    'application/json; charset=utf-8; charset=latin1',
    'application/x-www-form-urlencoded',
    'multipart/form-data; boundary=a',
    'json',
  ])('IV-05: refuses the type %p with 415', async (type) => {
    await expect(read('{"a":1}', { 'content-type': type })).rejects.toMatchObject({
      kind: HttpErrors.unsupportedMediaType,
    });
  });

  it('IV-05: refuses a body without a type', async () => {
    await expect(read('{"a":1}', {})).rejects.toMatchObject({ kind: HttpErrors.unsupportedMediaType });
  });

  it.each(['[]', 'null', '"text"', '1', 'true', '[{"a":1}]'])(
    'IV-03: refuses the root %s with 422',
    async (text) => {
      await expect(read(text)).rejects.toMatchObject({ kind: CommonErrors.invalid });
    },
  );

  it.each([
    '{',
    '{"a":}',
    "{'a':1}",
    '{"a":1}}',
    '\u0000',
    '   ',
    '{"__proto__":{"x":1}}',
    Buffer.from([0x7b, 0xc3, 0x28, 0x7d]),
  ])('IV-01, IV-04: refuses %p with 400', async (body) => {
    await expect(read(body)).rejects.toMatchObject({ kind: CommonErrors.unparsable });
  });

  it('IV-13: takes a body of exactly the limit and refuses one byte more', async () => {
    const filled = (length: number) => `{"a":"${'x'.repeat(length - 8)}"}`;
    await expect(read(filled(JSON_BODY_LIMIT))).resolves.toHaveProperty('a');
    await expect(read(filled(JSON_BODY_LIMIT + 1))).rejects.toMatchObject({
      kind: CommonErrors.payloadTooLarge,
    });
  });

  it('refuses by the declared length before a byte is read', async () => {
    const untouched = new Readable({
      read: () => {
        throw new Error('The body was read.');
      },
    });
    const headers = { ...JSON_TYPE, 'content-length': String(JSON_BODY_LIMIT + 1) };
    await expect(readBody(requestOf('json', headers), untouched)).rejects.toMatchObject({
      kind: CommonErrors.payloadTooLarge,
    });
  });

  it('stops reading a body without a length at the limit', async () => {
    let made = 0;
    const endless = new Readable({
      read() {
        made += 65_536;
        this.push(Buffer.alloc(65_536, 0x20));
      },
    });
    await expect(readBody(requestOf('json'), endless)).rejects.toMatchObject({
      kind: CommonErrors.payloadTooLarge,
    });
    expect(made).toBeLessThan(JSON_BODY_LIMIT + 4 * 65_536);
    // Destroyed, it would take the connection with it before the refusal is sent.
    expect(endless.destroyed).toBe(false);
  });

  it('takes a body that breaks off for the doing of the client', async () => {
    const broken = new Readable({ read: () => undefined });
    broken.push('{"a"');
    setImmediate(() => broken.destroy(Object.assign(new Error('aborted'), { code: 'ECONNRESET' })));
    await expect(readBody(requestOf('json'), broken)).rejects.toMatchObject({
      kind: CommonErrors.unparsable,
      cause: { code: 'ECONNRESET' },
    });
  });
});

describe('readBody of other modes', () => {
  it('hands a raw body on as the stream it is', async () => {
    const payload = Readable.from([Buffer.from('bytes')]);
    await expect(readBody(requestOf('raw', { 'content-type': 'text/html' }), payload)).resolves.toBe(payload);
    expect(payload.readableFlowing).toBeNull();
  });

  it('refuses a form that did not come as one', async () => {
    await expect(read('{"a":1}', JSON_TYPE, 'multipart')).rejects.toMatchObject({
      kind: HttpErrors.unsupportedMediaType,
    });
  });

  it.each(['none' as const, undefined])(
    'reads nothing out of a body where the operation takes %p',
    async (mode) => {
      const payload = Readable.from([Buffer.from('{"tenant_id":"globex"}')]);
      await expect(readBody(requestOf(mode), payload)).resolves.toEqual({});
    },
  );
});
