import { beforeAll, describe, expect, it } from '@jest/globals';
import { createHash, randomUUID } from 'node:crypto';

import { expectStatus, freshId, makeToken, makeTenant, type TestTenant } from '../support/api.js';
import { eventually } from '../support/eventually.js';
import { ask, type Reply } from '../support/raw-http.js';
import { sharedGateway } from '../support/shared-gateway.js';
import { pattern, sha256 } from '../support/gateway-inside.js';
import { objectsOf, untilObjects } from '../support/tenant-objects.js';
import {
  askUpload,
  beginUpload,
  endUpload,
  makeUpload,
  offsetOf,
  openPatch,
  sendBytes,
  uploadMetadata,
} from '../support/tus.js';

const gateway = sharedGateway();
const { root, anonymous, url } = gateway;
const MIB = 2 ** 20;
const ODD_NAME = 'résumé – 日本 "x".pdf';

let tenant: TestTenant;

beforeAll(async () => {
  tenant = await makeTenant(root);
});

/** Sends bytes to the beginning of an upload in pieces, or with other headers than a client would. */
function patch(
  path: string,
  body: Buffer | readonly Buffer[],
  headers: Readonly<Record<string, string>> = {},
): Promise<Reply> {
  const usual = {
    'tus-resumable': '1.0.0',
    'upload-offset': '0',
    'content-type': 'application/offset+octet-stream',
  };
  const { token } = tenant.editor;
  return ask(url, { method: 'PATCH', path, token, headers: { ...usual, ...headers }, body });
}

const idOf = (headers: Headers): string => headers.get('upload-source-id') ?? '';

describe('OPTIONS /v1/tus', () => {
  it('says what is spoken, to anybody', async () => {
    const { status, headers } = await anonymous.request('OPTIONS', '/v1/tus');
    expect(status).toBe(204);
    expect(headers.get('tus-resumable')).toBe('1.0.0');
    expect(headers.get('tus-version')).toBe('1.0.0');
    expect(headers.get('tus-extension')).toBe(
      'creation,creation-with-upload,expiration,checksum,termination',
    );
    expect(headers.get('tus-checksum-algorithm')).toBe('sha256,sha1,md5');
    expect(Number(headers.get('tus-max-size'))).toBe(5 * 2 ** 30);
    expect([...headers.keys()].filter((name) => name.startsWith('access-control'))).toEqual([]);
  });
});

describe('POST /v1/tus', () => {
  it('UP-11: begins an upload and makes its source at once, pending', async () => {
    const begun = await beginUpload(tenant.uploader, { length: 10, metadata: { filename: ODD_NAME } });
    expect(begun.status).toBe(201);
    expect(begun.headers.get('location')).toMatch(/^\/v1\/tus\/[0-9a-f-]{36}$/);
    expect(begun.headers.get('tus-resumable')).toBe('1.0.0');
    expect(begun.headers.get('upload-offset')).toBeNull();
    const inADay = Date.parse(begun.headers.get('upload-expires') ?? '') - Date.now();
    expect(Math.abs(inADay - 86_400_000)).toBeLessThan(60_000);
    const source = await tenant.viewer.get(`/v1/sources/${idOf(begun.headers)}`);
    expect(source.json).toMatchObject({ status: 'pending', name: ODD_NAME, size_bytes: null, etag: null });
    const content = await tenant.viewer.get(`/v1/sources/${idOf(begun.headers)}/content`);
    expect([content.status, content.json.code]).toEqual([409, 'source_not_uploaded']);
  });

  it('takes what Upload-Metadata says of the source, and gives it back as it came', async () => {
    const id = freshId('doc');
    const metadata = {
      name: ODD_NAME,
      filetype: 'text/plain',
      source_id: id,
      metadata: '{"project":"apollo"}',
      relativePath: 'a/b',
    };
    const path = await makeUpload(tenant.editor, { length: 2, metadata });
    const head = await askUpload(tenant.editor, path);
    expect(head.status).toBe(200);
    expect(head.headers.get('upload-metadata')).toBe(uploadMetadata(metadata));
    expect(head.headers.get('upload-length')).toBe('2');
    expect(head.headers.get('upload-offset')).toBe('0');
    expect(head.headers.get('cache-control')).toBe('no-store');
    expectStatus(await sendBytes(tenant.editor, path, 0, Buffer.from('ab')), 204);
    expect((await tenant.viewer.get(`/v1/sources/${id}`)).json).toMatchObject({
      external_id: id,
      name: ODD_NAME,
      content_type: 'text/plain',
      metadata: { project: 'apollo' },
      status: 'available',
      version: 1,
      size_bytes: 2,
    });
  });

  it('guesses the type from the name, and names a source after its id', async () => {
    const begun = await beginUpload(tenant.editor, { length: 0, metadata: { filename: 'a.pdf' } });
    expect((await tenant.viewer.get(`/v1/sources/${idOf(begun.headers)}`)).json.content_type).toBe(
      'application/pdf',
    );
    const id = freshId('doc');
    expectStatus(await beginUpload(tenant.editor, { length: 0, metadata: { source_id: id } }), 201);
    expect((await tenant.viewer.get(`/v1/sources/${id}`)).json.name).toBe(id);
  });

  it('UP-16: completes an upload of no bytes at once', async () => {
    const begun = await beginUpload(tenant.editor, { length: 0, metadata: { filename: 'empty.txt' } });
    expectStatus(begun, 201);
    expect(begun.headers.get('upload-expires')).toBeNull();
    const source = (await tenant.viewer.get(`/v1/sources/${idOf(begun.headers)}`)).json;
    expect(source).toMatchObject({ status: 'available', size_bytes: 0, checksum_sha256: sha256('') });
    expect(await offsetOf(tenant.editor, begun.headers.get('location') ?? '')).toBe(0);
  });

  it('takes bytes with it, some or all', async () => {
    const some = await beginUpload(tenant.editor, { length: 5, body: Buffer.from('hel') });
    expect([some.status, some.headers.get('upload-offset')]).toEqual([201, '3']);
    const all = await beginUpload(tenant.editor, { length: 5, body: Buffer.from('hello') });
    expect([all.status, all.headers.get('upload-offset')]).toEqual([201, '5']);
    expect((await tenant.viewer.get(`/v1/sources/${idOf(all.headers)}/content`)).text).toBe('hello');
  });

  it('leaves nothing of an upload that is refused together with its first bytes', async () => {
    const other = await makeTenant(root);
    const checksum = { 'upload-checksum': `sha1 ${createHash('sha1').update('x').digest('base64')}` };
    const refused = await beginUpload(other.editor, {
      length: 9,
      body: Buffer.from('hello'),
      headers: checksum,
    });
    expect(refused.status).toBe(460);
    for (const length of [0, 4])
      expect((await beginUpload(other.editor, { length, body: Buffer.from('hello') })).status).toBe(413);
    expect((await other.viewer.get('/v1/sources')).json.data).toEqual([]);
    await untilObjects(gateway, other.admin, 0);
  });

  it('UP-07, CF-04: begins one upload for one idempotency key, however often it is asked to', async () => {
    const other = await makeTenant(root);
    const wish = (length: number, body?: Buffer) =>
      beginUpload(other.editor, {
        length,
        metadata: { filename: 'once.txt' },
        headers: { 'idempotency-key': 'the-one' },
        ...(body === undefined ? {} : { body }),
      });
    const [first, again] = [await wish(5), await wish(5)];
    expect([first.status, again.status]).toEqual([201, 201]);
    expect(again.headers.get('location')).toBe(first.headers.get('location'));
    expect(idOf(again.headers)).toBe(idOf(first.headers));
    const withBytes = await wish(5, Buffer.from('hello'));
    expect([withBytes.status, withBytes.headers.get('upload-offset')]).toEqual([201, '5']);
    const late = await wish(5, Buffer.from('hello'));
    expect([late.status, late.headers.get('upload-offset')]).toEqual([201, '5']);
    expect((await wish(6)).json.code).toBe('idempotency_key_reused');
    expect((await other.viewer.get('/v1/sources')).json.data).toMatchObject([
      { source_id: idOf(first.headers), status: 'available', checksum_sha256: sha256('hello') },
    ]);
  });

  it.each([
    [{ 'upload-length': '-1' }, 400, 'malformed_request'],
    [{ 'upload-length': '1e3' }, 400, 'malformed_request'],
    [{ 'upload-length': '0x10' }, 400, 'malformed_request'],
    [{ 'upload-length': '9007199254740993' }, 400, 'malformed_request'],
    [{ 'upload-length': String(6 * 2 ** 40) }, 413, 'payload_too_large'],
    [{ 'upload-metadata': 'filename ä' }, 400, 'malformed_request'],
    [{ 'upload-metadata': uploadMetadata({ metadata: '[]' }) }, 422, 'validation_failed'],
    [{ 'upload-metadata': uploadMetadata({ name: 'a\0' }) }, 422, 'validation_failed'],
    [{ 'upload-concat': 'partial' }, 400, 'tus_extension_unsupported'],
    [{ 'upload-defer-length': '1' }, 400, 'tus_extension_unsupported'],
    [{ 'tus-resumable': '0.2.2' }, 412, 'tus_version_unsupported'],
  ])('refuses %j', async (headers, status, code) => {
    const { 'upload-metadata': metadata, ...rest } = headers as Record<string, string>;
    const sent =
      metadata === undefined ? {} : { 'upload-metadata': Buffer.from(metadata).toString('latin1') };
    const refused = await beginUpload(tenant.editor, { length: 3, headers: { ...rest, ...sent } });
    expect([refused.status, refused.json?.code]).toEqual([status, code]);
    expect(refused.headers.get('tus-resumable')).toBe('1.0.0');
    if (status === 412) expect(refused.headers.get('tus-version')).toBe('1.0.0');
  });

  it('refuses a request without a length, without a version, and with a body of another type', async () => {
    const token = tenant.editor.token;
    const post = (headers: Record<string, string>, body?: string) =>
      ask(url, { method: 'POST', path: '/v1/tus', token, headers, ...(body === undefined ? {} : { body }) });
    const version = { 'tus-resumable': '1.0.0' };
    expect((await post(version)).json.code).toBe('malformed_request');
    expect((await post({ 'upload-length': '1' })).json.code).toBe('tus_version_unsupported');
    const json = { ...version, 'upload-length': '2', 'content-type': 'application/json' };
    expect((await post(json, '{}')).json.code).toBe('unsupported_media_type');
  });

  it('UP-02, UP-14: holds an upload to type, size and quota before a byte of it comes', async () => {
    const small = await makeTenant(root);
    const bounds = {
      quota_bytes: 100,
      quota_objects: 2,
      max_upload_bytes: 90,
      allowed_content_types: ['text/*'],
    };
    expectStatus(await root.patch(`/v1/tenants/${small.id}`, bounds), 200);
    const begin = (length: number, filetype = 'text/plain') =>
      beginUpload(small.editor, { length, metadata: { filetype } });
    expect((await begin(91)).json.code).toBe('payload_too_large');
    expect((await begin(1, 'image/png')).json.code).toBe('content_type_not_allowed');
    const first = await makeUpload(small.editor, { length: 60, metadata: { filetype: 'text/plain' } });
    const full = await begin(41);
    expect([full.status, full.json]).toEqual([
      507,
      expect.objectContaining({ code: 'quota_exceeded', quota: 100, used: 60, requested: 41 }),
    ]);
    const usage = async () => (await root.get(`/v1/tenants/${small.id}/usage`)).json as object;
    expect(await usage()).toMatchObject({ objects: 0, bytes: 0, reserved_objects: 1, reserved_bytes: 60 });
    expectStatus(await begin(40), 201);
    expect((await begin(0)).json).toMatchObject({ code: 'quota_exceeded', resource: 'objects' });
    expectStatus(await sendBytes(small.editor, first, 0, Buffer.alloc(60)), 204);
    expect(await usage()).toMatchObject({ objects: 1, bytes: 60, reserved_objects: 1, reserved_bytes: 40 });
    expectStatus(await endUpload(small.editor, first), 204);
    expect(await usage()).toMatchObject({ objects: 1, bytes: 60 });
  });
});

describe('a source that is there already', () => {
  it('UP-12: keeps its content until the upload is complete, and then has the new one', async () => {
    const id = freshId('doc');
    expectStatus(await tenant.editor.put(id, 'old content'), 201);
    const path = await makeUpload(tenant.editor, {
      length: 11,
      metadata: { source_id: id, name: 'new.txt' },
    });
    await sendBytes(tenant.editor, path, 0, Buffer.from('new c'));
    expect((await tenant.viewer.get(`/v1/sources/${id}/content`)).text).toBe('old content');
    expectStatus(await sendBytes(tenant.editor, path, 5, Buffer.from('ontent')), 204);
    expect((await tenant.viewer.get(`/v1/sources/${id}/content`)).text).toBe('new content');
    expect((await tenant.viewer.get(`/v1/sources/${id}`)).json).toMatchObject({
      version: 2,
      name: 'new.txt',
    });
  });

  it('AZ-02: is replaced by who may replace only', async () => {
    const id = freshId('doc');
    await tenant.editor.put(id, 'old');
    const refused = await beginUpload(tenant.uploader, { length: 3, metadata: { source_id: id } });
    expect([refused.status, refused.json.required_scopes]).toEqual([403, ['sources:write']]);
  });

  it('is not replaced by who began when there was none, and may not replace', async () => {
    const id = freshId('doc');
    const path = await makeUpload(tenant.uploader, { length: 3, metadata: { source_id: id } });
    expectStatus(await tenant.editor.put(id, 'first'), 201);
    const refused = await sendBytes(tenant.uploader, path, 0, Buffer.from('new'));
    expect([refused.status, refused.json.code]).toEqual([409, 'source_already_exists']);
    expect((await tenant.viewer.get(`/v1/sources/${id}/content`)).text).toBe('first');
    expect((await askUpload(tenant.uploader, path)).status).toBe(410);
  });

  it('UP-10: is not brought back when it was deleted meanwhile', async () => {
    const begun = await beginUpload(tenant.editor, { length: 3 });
    const [id, path] = [idOf(begun.headers), begun.headers.get('location') ?? ''];
    expectStatus(await tenant.editor.delete(`/v1/sources/${id}`), 204);
    const refused = await sendBytes(tenant.editor, path, 0, Buffer.from('new'));
    expect([refused.status, refused.json.code]).toEqual([404, 'source_not_found']);
    expect((await tenant.viewer.get(`/v1/sources/${id}`)).status).toBe(404);
    expect((await askUpload(tenant.editor, path)).status).toBe(410);
  });

  it('AZ-08: of another sub-tenant is in the way, and nothing is told of it', async () => {
    const sub = freshId('sub');
    expectStatus(
      await tenant.admin.post(`/v1/tenants/${tenant.id}/sub-tenants`, { sub_tenant_id: sub }),
      201,
    );
    const id = randomUUID();
    await tenant.editor.put(id, 'there');
    const refused = await beginUpload(tenant.editor, {
      length: 3,
      metadata: { source_id: id },
      headers: { 'x-sub-tenant-id': sub },
    });
    expect([refused.status, refused.json.code]).toEqual([409, 'source_id_taken']);
  });
});

describe('UP-18: PATCH', () => {
  const bytes = pattern(3_000);

  it('goes on where the upload stands and nowhere else', async () => {
    const path = await makeUpload(tenant.editor, { length: bytes.length });
    const first = await sendBytes(tenant.editor, path, 0, bytes.subarray(0, 1_000));
    expect([first.status, first.headers.get('upload-offset')]).toEqual([204, '1000']);
    for (const offset of [0, 999, 1_001, 3_000]) {
      const refused = await sendBytes(tenant.editor, path, offset, bytes.subarray(offset, offset + 1));
      expect([offset, refused.status, refused.json.code]).toEqual([offset, 409, 'upload_offset_conflict']);
    }
    expect(await offsetOf(tenant.editor, path)).toBe(1_000);
    const last = await sendBytes(tenant.editor, path, 1_000, bytes.subarray(1_000));
    expect([last.status, last.headers.get('upload-offset')]).toEqual([204, '3000']);
    const source = await tenant.viewer.get(`/v1/sources/${idOf(last.headers)}/content`);
    expect(source.bytes.equals(bytes)).toBe(true);
  });

  it('does not go beyond the length, declared or not', async () => {
    const path = await makeUpload(tenant.editor, { length: 1_000 });
    const declared = await sendBytes(tenant.editor, path, 0, bytes);
    expect([declared.status, declared.json.code]).toEqual([413, 'payload_too_large']);
    expect(await offsetOf(tenant.editor, path)).toBe(0);
    const chunked = await patch(path, [bytes.subarray(0, 600), bytes.subarray(600)]);
    expect(chunked.status).toBe(413);
    expect(await offsetOf(tenant.editor, path)).toBeLessThan(1_000);
  });

  it('takes a chunked body', async () => {
    const path = await makeUpload(tenant.editor, { length: bytes.length });
    const answer = await patch(path, [bytes.subarray(0, 1_700), bytes.subarray(1_700)]);
    expect([answer.status, answer.headers['upload-offset']]).toEqual([204, '3000']);
  });

  it('with no bytes says where the upload stands', async () => {
    const path = await makeUpload(tenant.editor, { length: 10 });
    const answer = await sendBytes(tenant.editor, path, 0, Buffer.alloc(0));
    expect([answer.status, answer.headers.get('upload-offset')]).toEqual([204, '0']);
  });

  it('may be repeated after the answer to the last one was lost: HEAD says that all is there', async () => {
    const path = await makeUpload(tenant.editor, { length: 3 });
    expectStatus(await sendBytes(tenant.editor, path, 0, Buffer.from('abc')), 204);
    const head = await askUpload(tenant.editor, path);
    expect([head.headers.get('upload-offset'), head.headers.get('upload-length')]).toEqual(['3', '3']);
    expect((await sendBytes(tenant.editor, path, 0, Buffer.from('abc'))).status).toBe(409);
    const again = await sendBytes(tenant.editor, path, 3, Buffer.alloc(0));
    expect([again.status, again.headers.get('upload-source-id')]).toEqual([204, idOf(head.headers)]);
  });

  it.each([
    [{ 'upload-offset': '' }, 400],
    [{ 'upload-offset': '-1' }, 400],
    [{ 'upload-offset': '0, 0' }, 400],
    [{ 'upload-offset': 'NaN' }, 400],
    [{ 'content-type': 'application/octet-stream' }, 415],
    [{ 'content-type': '' }, 415],
    [{ 'content-encoding': 'gzip' }, 415],
    [{ 'tus-resumable': '2.0.0' }, 412],
    [{ 'upload-length': '4' }, 400],
    [{ trailer: 'Upload-Checksum' }, 400],
  ])('refuses %j', async (headers, status) => {
    const path = await makeUpload(tenant.editor, { length: 3 });
    const refused = await patch(path, Buffer.from('abc'), headers);
    expect([refused.status, refused.headers['content-type']]).toEqual([
      status,
      'application/problem+json; charset=utf-8',
    ]);
    expect(await offsetOf(tenant.editor, path)).toBe(0);
  });

  it('UP-15: refuses before the body what cannot be taken', async () => {
    const path = await makeUpload(tenant.editor, { length: 3 });
    for (const [offset, length, status] of [
      [1, 2, 409],
      [0, 4, 413],
    ] as const) {
      const patch = await openPatch(tenant.editor, path, offset, { 'content-length': String(length) });
      let continued = false;
      patch.request.once('continue', () => (continued = true));
      expect([await patch.status, continued]).toEqual([status, false]);
      patch.request.destroy();
    }
  });
});

describe('UP-18: an upload of somebody else', () => {
  it('AZ-01: is not there for another tenant, another sub-tenant and another token', async () => {
    const sub = freshId('sub');
    await tenant.admin.post(`/v1/tenants/${tenant.id}/sub-tenants`, { sub_tenant_id: sub });
    const [stranger, twin] = [
      (await makeTenant(root)).editor,
      await makeToken(root, tenant.id, { role: 'editor' }),
    ];
    const path = await makeUpload(tenant.editor, { length: 3 });
    const nowhere = `/v1/tus/${randomUUID()}`;
    const beside = { 'x-sub-tenant-id': sub };
    for (const [caller, headers] of [
      [stranger, {}],
      [twin, {}],
      [tenant.admin, {}],
      [tenant.editor, beside],
    ] as const) {
      for (const target of [path, nowhere]) {
        const options = { headers: { 'tus-resumable': '1.0.0', ...headers } };
        expect((await caller.request('HEAD', target, options)).status).toBe(404);
        const patch = await sendBytes(caller, target, 0, Buffer.from('abc'), headers);
        expect([patch.status, patch.json.code]).toEqual([404, 'upload_not_found']);
        const ended = await caller.request('DELETE', target, options);
        expect([ended.status, ended.json.code]).toEqual([404, 'upload_not_found']);
      }
    }
    expect(await offsetOf(tenant.editor, path)).toBe(0);
  });

  it('AN-03, AN-04: is out of reach of a token that was revoked, and waits while its tenant is suspended', async () => {
    const other = await makeTenant(root);
    const path = await makeUpload(other.editor, { length: 3 });
    const askAll = async (): Promise<readonly number[]> => {
      const asked = [
        askUpload(other.editor, path),
        sendBytes(other.editor, path, 0, Buffer.from('abc')),
        endUpload(other.editor, path),
      ];
      return (await Promise.all(asked)).map(({ status }) => status);
    };
    expectStatus(await root.post(`/v1/tenants/${other.id}/suspend`), 200);
    expect(await askAll()).toEqual([403, 403, 403]);
    expectStatus(await root.post(`/v1/tenants/${other.id}/resume`), 200);
    expectStatus(await sendBytes(other.editor, path, 0, Buffer.from('ab')), 204);
    const { token_id: tokenId } = (await other.editor.get('/v1/me')).json;
    expectStatus(await root.delete(`/v1/tenants/${other.id}/tokens/${String(tokenId)}`), 204);
    expect(await askAll()).toEqual([401, 401, 401]);
  });

  it.each([
    '..',
    '%2e%2e',
    '..%2f..%2fsources',
    '%2e%2e%2f%2e%2e%2fobjects',
    '..%5c..',
    '%00',
    'a%2fb',
    '01a22372-a513-7a99-9836-9d671061b649%2f..',
    '01a22372-a513-7a99-9836-9d671061b649%00',
    "'%20OR%201=1--",
  ])('is not there by an id such as %s', async (id) => {
    for (const method of ['HEAD', 'PATCH', 'DELETE']) {
      const answer = await ask(url, {
        method,
        path: `/v1/tus/${id}`,
        token: tenant.editor.token,
        headers: {
          'tus-resumable': '1.0.0',
          ...(method === 'PATCH'
            ? { 'upload-offset': '0', 'content-type': 'application/offset+octet-stream' }
            : {}),
        },
      });
      expect([method, [400, 404].includes(answer.status)]).toEqual([method, true]);
    }
  });
});

describe('UP-18: two requests at one upload', () => {
  it('have one winner when both send', async () => {
    const bytes = pattern(2 * MIB);
    const path = await makeUpload(tenant.editor, { length: bytes.length });
    const both = await Promise.all([1, 2].map(() => sendBytes(tenant.editor, path, 0, bytes)));
    const statuses = both.map(({ status }) => status).sort();
    expect(statuses[0]).toBe(204);
    expect([409, 423]).toContain(statuses[1]);
    const source = await tenant.viewer.get(
      `/v1/sources/${idOf((await askUpload(tenant.editor, path)).headers)}/content`,
    );
    expect(sha256(source.bytes)).toBe(sha256(bytes));
  });

  it('leave it to the first while its bytes come', async () => {
    const path = await makeUpload(tenant.editor, { length: 1_000 });
    const first = await openPatch(tenant.editor, path, 0, { 'content-length': '1000' });
    const dripping = setInterval(() => first.request.write('x'), 50);
    const second = await sendBytes(tenant.editor, path, 0, Buffer.from('y'));
    expect([second.status, second.json.code]).toEqual([423, 'upload_locked']);
    expect(Number(second.headers.get('retry-after'))).toBeGreaterThan(0);
    // Nor does a look disturb it.
    expect(await offsetOf(tenant.editor, path)).toBe(0);
    clearInterval(dripping);
    first.request.destroy();
    await first.status;
  });

  it('pass it on to the second when the first hangs, with all that the first had brought', async () => {
    const bytes = pattern(5_000);
    const path = await makeUpload(tenant.editor, { length: bytes.length });
    const first = await openPatch(tenant.editor, path, 0, { 'content-length': '5000' });
    await new Promise((resolve) => first.request.write(bytes.subarray(0, 3_000), resolve));
    // By the time that another request is answered, the gateway has read what came before it.
    expectStatus(await tenant.editor.get('/v1/me'), 200);
    const head = await askUpload(tenant.editor, path);
    expect(head.headers.get('upload-offset')).toBe('3000');
    expect(await first.status).toBe(423);
    const rest = await sendBytes(tenant.editor, path, 3_000, bytes.subarray(3_000));
    expect(rest.status).toBe(204);
    const source = await tenant.viewer.get(`/v1/sources/${idOf(rest.headers)}/content`);
    expect(source.bytes.equals(bytes)).toBe(true);
  });

  it('end both when one of them ends the upload', async () => {
    const path = await makeUpload(tenant.editor, { length: 5_000 });
    const first = await openPatch(tenant.editor, path, 0, { 'content-length': '5000' });
    first.request.write(pattern(1_000));
    expect((await endUpload(tenant.editor, path)).status).toBe(204);
    expect(await first.status).toBe(423);
    expect((await askUpload(tenant.editor, path)).status).toBe(410);
  });
});

describe('UP-01: a body that breaks off', () => {
  it('keeps what came, and the source stays pending', async () => {
    const bytes = pattern(7 * MIB);
    const path = await makeUpload(tenant.editor, { length: bytes.length });
    const patch = await openPatch(tenant.editor, path, 0, { 'content-length': String(bytes.length) });
    await new Promise<void>((resolve) => {
      patch.request.write(bytes.subarray(0, 6 * MIB), () => resolve());
    });
    patch.request.destroy();
    const kept = await eventually('the bytes are stored', async () => {
      const offset = await offsetOf(tenant.editor, path);
      return offset > 0 ? offset : null;
    });
    expect(kept).toBeLessThanOrEqual(6 * MIB);
    const id = idOf((await askUpload(tenant.editor, path)).headers);
    expect((await tenant.viewer.get(`/v1/sources/${id}`)).json.status).toBe('pending');
    expectStatus(await sendBytes(tenant.editor, path, kept, bytes.subarray(kept)), 204);
    expect((await tenant.viewer.get(`/v1/sources/${id}`)).json.checksum_sha256).toBe(sha256(bytes));
  });

  it('UP-01: with a declared checksum keeps nothing', async () => {
    const bytes = pattern(7 * MIB);
    const path = await makeUpload(tenant.editor, { length: bytes.length });
    const patch = await openPatch(tenant.editor, path, 0, {
      'content-length': String(bytes.length),
      'upload-checksum': `sha1 ${createHash('sha1').update(bytes).digest('base64')}`,
    });
    await new Promise<void>((resolve) => {
      patch.request.write(bytes.subarray(0, 6 * MIB), () => resolve());
    });
    patch.request.destroy();
    await patch.status;
    expect(await offsetOf(tenant.editor, path)).toBe(0);
  });
});

describe('UP-08: Upload-Checksum', () => {
  const checksumOf = (algorithm: string, bytes: Buffer): Record<string, string> => ({
    'upload-checksum': `${algorithm} ${createHash(algorithm).update(bytes).digest('base64')}`,
  });

  it.each(['sha256', 'sha1', 'md5'])('is verified by %s: of wrong bytes none is kept', async (algorithm) => {
    const bytes = pattern(12 * MIB + 5);
    const cut = 11 * MIB;
    const path = await makeUpload(tenant.editor, { length: bytes.length });
    const wrong = checksumOf(algorithm, Buffer.from('something else'));
    const refused = await sendBytes(tenant.editor, path, 0, bytes.subarray(0, cut), wrong);
    expect([refused.status, refused.json.code]).toEqual([460, 'chunk_checksum_mismatch']);
    expect(await offsetOf(tenant.editor, path)).toBe(0);
    const first = bytes.subarray(0, cut);
    const right = await sendBytes(tenant.editor, path, 0, first, checksumOf(algorithm, first));
    expect([right.status, right.headers.get('upload-offset')]).toEqual([204, String(cut)]);
    const rest = bytes.subarray(cut);
    const again = await sendBytes(tenant.editor, path, cut, rest, checksumOf(algorithm, first));
    expect(again.status).toBe(460);
    const last = await sendBytes(tenant.editor, path, cut, rest, checksumOf(algorithm, rest));
    expect(last.status).toBe(204);
    const source = (await tenant.viewer.get(`/v1/sources/${idOf(last.headers)}`)).json;
    expect([source.status, source.checksum_sha256]).toEqual(['available', sha256(bytes)]);
  });

  it('is not ignored when it cannot be verified', async () => {
    const path = await makeUpload(tenant.editor, { length: 3 });
    for (const [field, code] of [
      ['crc32 AAAAAA==', 'checksum_algorithm_unsupported'],
      ['sha1 nonsense', 'malformed_request'],
      ['sha1', 'malformed_request'],
    ] as const) {
      const refused = await sendBytes(tenant.editor, path, 0, Buffer.from('abc'), {
        'upload-checksum': field,
      });
      expect([field, refused.status, refused.json.code]).toEqual([field, 400, code]);
    }
    expect(await offsetOf(tenant.editor, path)).toBe(0);
  });

  it('holds the whole to the checksum in Upload-Metadata: what differs never becomes a source', async () => {
    const other = await makeTenant(root);
    const bytes = pattern(6 * MIB);
    for (const [sum, status] of [
      [sha256(bytes), 204],
      [sha256('something else'), 422],
    ] as const) {
      const begun = await beginUpload(other.editor, {
        length: bytes.length,
        metadata: { checksum_sha256: sum },
      });
      const [id, path] = [idOf(begun.headers), begun.headers.get('location') ?? ''];
      const answer = await sendBytes(other.editor, path, 0, bytes);
      expect(answer.status).toBe(status);
      expect((await other.viewer.get(`/v1/sources/${id}`)).status).toBe(status === 204 ? 200 : 404);
      if (status === 422) expect((await askUpload(other.editor, path)).status).toBe(410);
    }
    await untilObjects(gateway, other.admin, 1);
  });
});

describe('UP-04, UP-17: DELETE', () => {
  it('takes the bytes and the pending source away, and gives back what was reserved', async () => {
    const other = await makeTenant(root);
    const bytes = pattern(7 * MIB);
    const begun = await beginUpload(other.editor, { length: 10 * MIB });
    const [id, path] = [idOf(begun.headers), begun.headers.get('location') ?? ''];
    for (const [offset, end] of [
      [0, MIB],
      [MIB, 7 * MIB],
    ] as const)
      expectStatus(await sendBytes(other.editor, path, offset, bytes.subarray(offset, end)), 204);
    expect((await objectsOf(gateway, other.admin)).length).toBeGreaterThan(0);
    expect((await endUpload(other.editor, path)).status).toBe(204);
    expect((await endUpload(other.editor, path)).status).toBe(410);
    expect((await sendBytes(other.editor, path, 7 * MIB, bytes)).status).toBe(410);
    expect((await other.viewer.get(`/v1/sources/${id}`)).status).toBe(404);
    expect((await root.get(`/v1/tenants/${other.id}/usage`)).json).toMatchObject({
      objects: 0,
      reserved_objects: 0,
      reserved_bytes: 0,
    });
    await untilObjects(gateway, other.admin, 0);
  });

  it('of a complete upload leaves its source', async () => {
    const begun = await beginUpload(tenant.editor, { length: 3, body: Buffer.from('abc') });
    const path = begun.headers.get('location') ?? '';
    expect((await endUpload(tenant.editor, path)).status).toBe(204);
    expect((await askUpload(tenant.editor, path)).status).toBe(404);
    expect((await tenant.viewer.get(`/v1/sources/${idOf(begun.headers)}/content`)).text).toBe('abc');
  });

  it('leaves one object of a complete upload, however it came', async () => {
    const other = await makeTenant(root);
    const bytes = pattern(11 * MIB + 1);
    const path = await makeUpload(other.editor, { length: bytes.length });
    for (let at = 0; at < bytes.length; at += 700_001)
      expectStatus(await sendBytes(other.editor, path, at, bytes.subarray(at, at + 700_001)), 204);
    await untilObjects(gateway, other.admin, 1);
  });
});

describe('a place that is given up', () => {
  it('does not keep a sub-tenant for its complete uploads, nor a tenant', async () => {
    const other = await makeTenant(root);
    const sub = freshId('sub');
    const inSub = { 'x-sub-tenant-id': sub };
    expectStatus(await root.post(`/v1/tenants/${other.id}/sub-tenants`, { sub_tenant_id: sub }), 201);
    for (const headers of [inSub, {}]) {
      const begun = await beginUpload(other.editor, { length: 1, body: Buffer.from('x'), headers });
      expectStatus(await other.editor.delete(`/v1/sources/${idOf(begun.headers)}`, { headers }), 204);
    }
    expect((await root.delete(`/v1/tenants/${other.id}/sub-tenants/${sub}`)).status).toBe(204);
    expect((await root.delete(`/v1/tenants/${other.id}`)).status).toBe(204);
  });

  it('goes with uploads under way when it must', async () => {
    const other = await makeTenant(root);
    const sub = freshId('sub');
    const headers = { 'x-sub-tenant-id': sub };
    await root.post(`/v1/tenants/${other.id}/sub-tenants`, { sub_tenant_id: sub });
    await makeUpload(other.editor, { length: 9, body: Buffer.from('x'), headers });
    const kept = await root.delete(`/v1/tenants/${other.id}/sub-tenants/${sub}`);
    expect(kept.status).toBe(409);
    expect((await root.delete(`/v1/tenants/${other.id}/sub-tenants/${sub}?force=true`)).status).toBe(204);
    await untilObjects(gateway, other.admin, 0);
  });
});
