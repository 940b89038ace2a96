import { beforeAll, describe, expect, it } from '@jest/globals';

import { expectStatus, freshId, makeTenant, type TestTenant } from '../support/api.js';
import { FetchContentClient } from '../support/seed-clients/fetch-content.js';
import { SourceDownloadClient } from '../support/seed-clients/source-download.js';
import { sharedGateway } from '../support/shared-gateway.js';

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
  });
});

describe('a client written for the download page, given only a base URL and a token', () => {
  const client = (token = tenant.viewer.token): SourceDownloadClient =>
    new SourceDownloadClient(sharedGateway().url, token ?? '');

  it("downloads a file source's original bytes", async () => {
    expect(await client().download(pdfId)).toEqual(PDF);
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
