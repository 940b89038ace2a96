import { beforeAll, describe, expect, it } from '@jest/globals';

import { expectStatus, freshId, makeTenant, makeToken, type TestTenant } from '../support/api.js';
import { FetchContentClient, type FetchRequest } from '../support/seed-clients/fetch-content.js';
import { SourceDownloadClient } from '../support/seed-clients/source-download.js';
import { sharedGateway } from '../support/shared-gateway.js';
import { usualOrigin } from '../support/storage-under-test.js';

const TEXT = 'Quarterly report, größer als je.\n';
const PDF = Buffer.concat([
  Buffer.from('%PDF-1.4\n'),
  Buffer.from([0xff, 0xfe, 0x00, 0x80]),
  Buffer.from('\n%%EOF'),
]);
const NOWHERE = '0197c9a0-11aa-7b2c-9d3e-4f5a6b7c8d9e';

let tenant: TestTenant;
let pdfId: string;

beforeAll(async () => {
  tenant = await makeTenant(sharedGateway().root);
  expectStatus(
    await tenant.editor.upload(TEXT, 'report.txt', 'text/plain', { source_id: 'CortexDoc1234' }),
    201,
  );
  const pdf = await tenant.editor.upload(PDF, 'paper.pdf', 'application/pdf', { source_id: 'paper' });
  expectStatus(pdf, 201);
  pdfId = pdf.json.source_id as string;
});

describe('a client written for the fetch page, given only a base URL and a key', () => {
  const client = (token = tenant.viewer.token): FetchContentClient =>
    new FetchContentClient(sharedGateway().url, token ?? '');

  it('reads a text and a PDF in every mode the page names', async () => {
    for (const [source_id, bytes] of [
      ['CortexDoc1234', Buffer.from(TEXT)],
      ['paper', PDF],
    ] as const) {
      const wish = { tenant_id: tenant.id, source_id };
      expect(await client().read(wish)).toEqual(bytes);
      expect(await client().download({ ...wish, expiry_seconds: 60 })).toEqual(bytes);
      const both = await client().fetchSourceContent({ ...wish, mode: 'both' });
      expect(both).toMatchObject({ source_id, success: true, message: 'File fetched successfully' });
      expect(both.size_bytes).toBe(bytes.length);
      expect(both.content ?? both.content_base64).not.toBeNull();
      expect(both.presigned_url).not.toBeNull();
    }
  });

  it("runs the page's own example, with a sub-tenant of its own", async () => {
    const sub_tenant_id = 'sub_tenant_4567';
    expectStatus(await tenant.admin.post(`/v1/tenants/${tenant.id}/sub-tenants`, { sub_tenant_id }), 201);
    const own = await makeToken(tenant.admin, tenant.id, { role: 'editor' });
    const headers = { 'x-sub-tenant-id': sub_tenant_id };
    expectStatus(await own.put('CortexDoc1234', 'of the sub-tenant', headers), 201);
    const answer = await client(own.token).fetchSourceContent({
      tenant_id: tenant.id,
      sub_tenant_id,
      source_id: 'CortexDoc1234',
      mode: 'content',
      expiry_seconds: 3600,
    });
    expect(answer).toMatchObject({ source_id: 'CortexDoc1234', success: true, error: null });
    expect(answer.content ?? Buffer.from(answer.content_base64 ?? '', 'base64').toString()).toBe(
      'of the sub-tenant',
    );
  });

  it('gets the content or a URL as return_content says, and both ends of the range of lives', async () => {
    const wish = { tenant_id: tenant.id, source_id: 'CortexDoc1234' };
    const content = await client().fetchSourceContent({ ...wish, return_content: true });
    expect(content).toMatchObject({ content: TEXT, presigned_url: null });
    expect(content).toMatchObject({ content_type: 'text/plain', size_bytes: Buffer.byteLength(TEXT) });
    const url = await client().fetchSourceContent({ ...wish, return_content: false });
    expect(url).toMatchObject({ content: null, content_base64: null, presigned_url: expect.any(String) });
    for (const expiry_seconds of [60, 604_800])
      expect(await client().download({ ...wish, expiry_seconds })).toEqual(Buffer.from(TEXT));
  });

  it('gets content for an hour unless it says otherwise, from the default sub-tenant', async () => {
    const answer = await client().fetchSourceContent({
      tenant_id: tenant.id,
      source_id: 'CortexDoc1234',
      sub_tenant_id: null,
    });
    expect(answer).toMatchObject({ content: TEXT, content_base64: null, presigned_url: null, error: null });
  });

  it('learns from one standard shape what went wrong', async () => {
    const wish = { tenant_id: tenant.id, source_id: 'nothing' };
    await expect(client().read(wish)).rejects.toMatchObject({ status: 404, code: 'FILE_NOT_FOUND' });
    await expect(client('wrong').read(wish)).rejects.toMatchObject({ status: 401, code: 'UNAUTHORIZED' });
    const foreign = { tenant_id: freshId('t'), source_id: 'CortexDoc1234' };
    await expect(client().read(foreign)).rejects.toMatchObject({ status: 403, code: 'FORBIDDEN' });
    const brief = { ...wish, source_id: 'paper', expiry_seconds: 1 };
    await expect(client().download(brief)).rejects.toMatchObject({ status: 422, code: 'VALIDATION_ERROR' });
    const long = { ...brief, expiry_seconds: 604_801 };
    await expect(client().download(long)).rejects.toMatchObject({ status: 422, code: 'VALIDATION_ERROR' });
    const bent = { ...wish, mode: 'file' } as unknown as FetchRequest;
    const refused = { status: 422, code: 'VALIDATION_ERROR' };
    await expect(client().fetchSourceContent(bent)).rejects.toMatchObject(refused);
    for (const name of ['tenant_id', 'source_id']) {
      const lacking = { ...wish, [name]: undefined };
      const missing = { status: 400, code: 'INVALID_PARAMETERS', message: expect.stringContaining(name) };
      await expect(client().fetchSourceContent(lacking)).rejects.toMatchObject(missing);
    }
    const elsewhere = { ...wish, source_id: 'paper', sub_tenant_id: 'nowhere' };
    const unknown = { status: 404, code: 'SUB_TENANT_NOT_FOUND' };
    await expect(client().read(elsewhere)).rejects.toMatchObject(unknown);
    await expect(client(tenant.uploader.token).read({ ...wish, source_id: 'paper' })).rejects.toMatchObject({
      status: 403,
      code: 'FORBIDDEN',
    });
  });
});

describe('a client written for the download page, given only a base URL and a token', () => {
  const client = (token = tenant.viewer.token): SourceDownloadClient =>
    new SourceDownloadClient(sharedGateway().url, token ?? '');

  it("downloads a file source's original bytes with any token that reads", async () => {
    for (const { token } of [tenant.viewer, tenant.editor, tenant.admin])
      expect(await client(token).download(pdfId)).toEqual(PDF);
  });

  it('gets a URL that is absolute, needs no token, and is not the bytes of another', async () => {
    const url = await client().getSourceDownloadUrl(pdfId);
    expect(new URL(url).origin).toBe(await usualOrigin(sharedGateway().url));
    const bare = await fetch(url);
    expect(bare.status).toBe(200);
    expect(bare.headers.get('content-type')).toBe('application/pdf');
    expect(bare.headers.get('content-disposition')).toContain('paper.pdf');
  });

  it('works with a personal token that names its organization in the header', async () => {
    const { root, url } = sharedGateway();
    const personal = new SourceDownloadClient(url, root.token ?? '', { 'X-Anyreach-Org': tenant.id });
    expect(await personal.download(pdfId)).toEqual(PDF);
  });

  it('learns from a string in detail what went wrong', async () => {
    const detail = expect.stringMatching(/\S/);
    await expect(client().download(NOWHERE)).rejects.toMatchObject({ status: 404, detail });
    await expect(client(tenant.uploader.token).download(pdfId)).rejects.toMatchObject({
      status: 403,
      detail,
    });
    await expect(client('wrong').download(pdfId)).rejects.toMatchObject({ status: 401, detail });
  });
});
