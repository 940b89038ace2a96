import { afterAll, beforeAll, expect, it, jest } from '@jest/globals';

import { Api, expectStatus, freshId, makeTenant, type Json, type TestTenant } from '../../support/api.js';
import type { ForegroundServer } from '../../support/foreground-server.js';
import { pattern } from '../../support/gateway-inside.js';
import { GatewayProcess } from '../../support/gateway-process.js';
import { startDeployedNginx } from '../../support/nginx.js';
import { describeWith } from '../../support/programs.js';
import { ask } from '../../support/raw-http.js';
import { askUpload } from '../../support/tus.js';
import { startUpload } from '../../support/tus-client.js';

jest.setTimeout(60_000);

/** What GATEHOLD_PUBLIC_URL names, here without TLS and a name. */
const SITE = 'https://files.example.com';
const TEXT = 'one text';

describeWith(['nginx'], 'deploy/nginx/gatehold-under-path.conf', () => {
  let gateway: GatewayProcess;
  let tenant: TestTenant;
  let nginx: ForegroundServer;
  let editor: Api;

  beforeAll(async () => {
    gateway = await GatewayProcess.start({ env: { GATEHOLD_PUBLIC_URL: `${SITE}/gw` } });
    tenant = await makeTenant(new Api(gateway.url, gateway.rootToken));
    nginx = await startDeployedNginx('gatehold-under-path.conf', gateway.url);
    editor = new Api(`${nginx.url}/gw`, tenant.editor.token);
  });

  afterAll(async () => {
    await nginx.stop();
    await gateway.dispose();
  });

  /** Where a URL that was handed out leads when the site is this nginx. */
  const reach = (target: Json): string => (target as string).replace(SITE, nginx.url);

  it('opens the URLs that are handed out, and the location of a new source', async () => {
    const made = await editor.upload(TEXT, 'a.txt', 'text/plain');
    expectStatus(made, 201);
    const sourceId = made.json.source_id as string;
    const located = await editor.get(nginx.url + (made.headers.get('location') ?? ''));
    expect(located.json).toEqual(made.json);
    const link = (await editor.post(`/v1/sources/${sourceId}/links`, {})).json.url;
    const download = (await editor.get(`/knowledge-base/sources/${sourceId}/download`)).json.download_url;
    const body = { tenant_id: tenant.id, source_id: sourceId, mode: 'url' };
    const presigned = (await editor.post('/fetch/content', body)).json.presigned_url;
    for (const target of [link, download, presigned])
      expect((await editor.as(null).get(reach(target))).text).toBe(TEXT);
  });

  it('takes a resumable upload to the location that it was given', async () => {
    const bytes = pattern(3_000_001);
    const uploadUrl = await startUpload(editor, bytes, { chunkSize: 1_000_000 }).done;
    expect(uploadUrl).toMatch(`${nginx.url}/gw/v1/tus/`);
    const head = await askUpload(editor, uploadUrl);
    const sourceId = head.headers.get('upload-source-id') ?? '';
    expect((await editor.get(`/v1/sources/${sourceId}/content`)).bytes.equals(bytes)).toBe(true);
  });

  it('hands ids on as they were written: slashes, percent signs, dots and other scripts', async () => {
    for (const id of ['a/b', 'a%2Fb', '../v1', 'a//b', 'Zähler ü?x=1#y', '100%']) {
      const name = `${freshId('s')} ${id}`;
      const made = await editor.put(name, name);
      expect([made.status, made.json?.external_id]).toEqual([201, name]);
      expect((await editor.get(`/v1/sources/${encodeURIComponent(name)}/content`)).text).toBe(name);
    }
  });

  it('shows the documentation, and a description whose server is the path', async () => {
    const page = await editor.as(null).get('/docs');
    expect(page.status).toBe(200);
    const assets = [...page.text.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, target = '']) => target);
    expect(assets.length).toBeGreaterThan(2);
    for (const target of assets) {
      const asset = await editor.as(null).get(new URL(target, `${nginx.url}/gw/docs`).href);
      expect({ target, status: asset.status }).toEqual({ target, status: 200 });
    }
    const described = await editor.as(null).get('/openapi.json');
    const server = new URL(described.json.servers[0].url as string, `${nginx.url}/gw/openapi.json`);
    expect((await editor.get(`${server.href}/v1/me`)).json.tenant_id).toBe(tenant.id);
  });

  it('AZ-06: reaches the gateway under its one spelling only', async () => {
    for (const path of ['/%67w/v1/me', '/v1/me', '/gw', '//gw/v1/me', '/x/../gw/v1/me'])
      expect([path, (await ask(nginx.url, { path, token: tenant.viewer.token })).status]).toEqual([
        path,
        404,
      ]);
  });
});
