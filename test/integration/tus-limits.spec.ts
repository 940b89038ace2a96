import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';

import { Api, expectStatus, makeTenant } from '../support/api.js';
import { eventually } from '../support/eventually.js';
import { objectFiles, pattern, sha256, untilFiles } from '../support/gateway-inside.js';
import { GatewayProcess } from '../support/gateway-process.js';
import { askUpload, beginUpload, makeUpload, offsetOf, openPatch, sendBytes } from '../support/tus.js';

jest.setTimeout(90_000);

const MIB = 2 ** 20;

let gateway: GatewayProcess;
let root: Api;

beforeAll(async () => {
  gateway = await GatewayProcess.start({
    env: {
      GATEHOLD_RESUMABLE_UPLOAD_SECONDS: '3',
      GATEHOLD_MINIMUM_RATE_SECONDS: '2',
      GATEHOLD_MINIMUM_BYTES_PER_SECOND: '1000',
      GATEHOLD_MAX_UPLOAD_BYTES: '20MiB',
    },
  });
  root = new Api(gateway.url, gateway.rootToken);
});

afterAll(() => gateway.dispose());

describe('UP-04, UP-17, CF-02: an upload that nobody goes on with', () => {
  it('expires with its bytes, its source and its reservation, and not while bytes come', async () => {
    const tenant = await makeTenant(root);
    const bytes = pattern(12 * MIB);
    const begun = await beginUpload(tenant.editor, { length: 13 * MIB, body: bytes.subarray(0, MIB) });
    const [path, id] = [begun.headers.get('location') ?? '', begun.headers.get('upload-source-id') ?? ''];
    const first = Date.parse(begun.headers.get('upload-expires') ?? '');
    expect(first - Date.now()).toBeLessThan(5_000);
    // For longer than it would live by itself.
    let at = MIB;
    for (; Date.now() < first + 2_000; at += 1_000) {
      const sent = await sendBytes(tenant.editor, path, at, bytes.subarray(at, at + 1_000));
      expectStatus(sent, 204);
      expect(Date.parse(sent.headers.get('upload-expires') ?? '')).toBeGreaterThan(Date.now() - 1_000);
    }
    await eventually('it has expired', async () => (await askUpload(tenant.editor, path)).status !== 200);
    expect((await askUpload(tenant.editor, path)).status).toBe(410);
    expect((await sendBytes(tenant.editor, path, at, bytes)).status).toBe(410);
    await eventually(
      'its source is gone',
      async () => (await tenant.viewer.get(`/v1/sources/${id}`)).status === 404,
    );
    await untilFiles(gateway.dataDir, tenant.admin, 0);
    const usage = (await root.get(`/v1/tenants/${tenant.id}/usage`)).json;
    expect(usage).toMatchObject({ objects: 0, bytes: 0, reserved_objects: 0, reserved_bytes: 0 });
  });

  it('leaves the source that it was to replace', async () => {
    const tenant = await makeTenant(root);
    expectStatus(await tenant.editor.put('doc', 'as it was'), 201);
    const wish = { length: 9, metadata: { source_id: 'doc' }, body: Buffer.from('x') };
    const path = await makeUpload(tenant.editor, wish);
    await eventually('it has expired', async () => (await askUpload(tenant.editor, path)).status === 410);
    expect((await tenant.viewer.get('/v1/sources/doc/content')).text).toBe('as it was');
    // What is too little for a part is kept a little longer than the upload.
    const files = async () => (await objectFiles(gateway.dataDir, tenant.admin)).length;
    await eventually('its bytes are gone', async () => (await files()) === 1, 60_000);
  });

  it('is forgotten once it was complete, and its source stays', async () => {
    const tenant = await makeTenant(root);
    const bytes = pattern(6 * MIB);
    const begun = await beginUpload(tenant.editor, { length: bytes.length, body: bytes });
    const path = begun.headers.get('location') ?? '';
    await eventually('it is forgotten', async () => (await askUpload(tenant.editor, path)).status === 404);
    const id = begun.headers.get('upload-source-id') ?? '';
    expect(sha256((await tenant.viewer.get(`/v1/sources/${id}/content`)).bytes)).toBe(sha256(bytes));
    await untilFiles(gateway.dataDir, tenant.admin, 1);
  });
});

describe('UP-06: a body of an upload', () => {
  it('that drips is cut, and what had come is kept', async () => {
    const { editor } = await makeTenant(root);
    const bytes = pattern(10_000);
    const path = await makeUpload(editor, { length: bytes.length });
    const patch = await openPatch(editor, path, 0, { 'content-length': String(bytes.length) });
    patch.request.write(bytes.subarray(0, 3_000));
    let sent = 3_000;
    const dripping = setInterval(() => {
      patch.request.write(bytes.subarray(sent, sent + 10));
      sent += 10;
    }, 250);
    expect(await patch.status).toBe(408);
    clearInterval(dripping);
    const kept = await offsetOf(editor, path);
    expect(kept).toBeGreaterThanOrEqual(3_000);
    expectStatus(await sendBytes(editor, path, kept, bytes.subarray(kept)), 204);
  });

  it('that is slow but fast enough goes on', async () => {
    const { editor } = await makeTenant(root);
    const bytes = pattern(10_000);
    const path = await makeUpload(editor, { length: bytes.length });
    const patch = await openPatch(editor, path, 0, { 'content-length': String(bytes.length) });
    let sent = 0;
    const sending = setInterval(() => {
      patch.request.write(bytes.subarray(sent, sent + 500));
      sent += 500;
      if (sent >= bytes.length) clearInterval(sending);
    }, 250);
    expect(await patch.status).toBe(204);
  });
});

describe('UP-02: an upload beyond what the gateway takes', () => {
  it('is refused when it begins', async () => {
    const { editor } = await makeTenant(root);
    const refused = await beginUpload(editor, { length: 20 * MIB + 1 });
    expect([refused.status, refused.json.code]).toEqual([413, 'payload_too_large']);
    expectStatus(await beginUpload(editor, { length: 20 * MIB }), 201);
  });
});
