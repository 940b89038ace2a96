import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it, jest } from '@jest/globals';
import type { Browser, BrowserContext, Page } from 'playwright-core';

import { makeTenant, type TestTenant } from '../support/api.js';
import { openSite, type Site } from '../support/browser-site.js';
import { BROWSER_LIMIT_MS, launchBrowser } from '../support/browser.js';
import { makeLink, storeFile, URL_MAKERS } from '../support/download-urls.js';
import { eventually } from '../support/eventually.js';
import { ODD_NAMES } from '../support/odd-names.js';
import { describeWith } from '../support/programs.js';
import { sharedGateway } from '../support/shared-gateway.js';

jest.setTimeout(BROWSER_LIMIT_MS);

const BYTES = Buffer.from([0x25, 0x50, 0x44, 0x46, 0x00, 0xff, 0x0d, 0x0a, 0x80]);
const PIXEL = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
  'base64',
);

/** What Chromium makes of a name: nothing that some file system cannot have, and no hidden file. */
function savedAs(name: string): string {
  return name.replaceAll('"', '_').replace(/^\.+/, '');
}

describeWith(['chromium'], 'a link on a page of another site, clicked in a browser', () => {
  let browser: Browser;
  let context: BrowserContext;
  let page: Page;
  let site: Site;
  let tenant: TestTenant;

  beforeAll(async () => {
    [browser, site, tenant] = await Promise.all([
      launchBrowser(),
      openSite(),
      makeTenant(sharedGateway().root),
    ]);
    context = await browser.newContext();
    page = await context.newPage();
  });

  afterAll(async () => {
    await Promise.all([browser.close(), site.close()]);
  });

  /** Follows a link on a page of the site and reads what the browser saves. */
  async function click(url: string): Promise<{ name: string; type: string; bytes: Buffer }> {
    await page.goto(site.show(`<a download="wrong.exe" href="${url}">the file</a>`));
    const [saving, answering] = [
      page.waitForEvent('download'),
      context.waitForEvent('response', (response) => response.url() === url),
    ];
    await page.getByRole('link').click();
    const [download, response] = await Promise.all([saving, answering]);
    return {
      name: download.suggestedFilename(),
      type: response.headers()['content-type'] ?? '',
      bytes: await readFile(await download.path()),
    };
  }

  it.each(Object.entries(URL_MAKERS))('DL-01: saves the bytes under the name: %s', async (_what, makeUrl) => {
    const name = 'résumé – 日本 "x".pdf';
    const sourceId = await storeFile(tenant.editor, name, 'application/pdf', BYTES);
    const url = await makeUrl(tenant.editor, { tenantId: tenant.id, sourceId });
    expect(await click(url)).toEqual({ name: savedAs(name), type: 'application/pdf', bytes: BYTES });
  });

  it.each([...ODD_NAMES.map(([name]) => name), '.hidden'])('DL-01: keeps the name %s', async (name) => {
    const sourceId = await storeFile(tenant.editor, name, 'application/vnd.example.thing', BYTES);
    expect(await click(await makeLink(tenant.editor, sourceId))).toEqual({
      name: savedAs(name),
      type: 'application/vnd.example.thing',
      bytes: BYTES,
    });
  });

  it('DL-15: is not indexed, and does not travel on to where its reader goes next', async () => {
    const sourceId = await storeFile(tenant.editor, 'note.txt', 'text/plain', 'a note');
    const url = await makeLink(tenant.editor, sourceId, { disposition: 'inline' });
    const referrerFrom = async (address: string): Promise<string> => {
      const answer = await page.goto(address);
      if (address === url) expect(answer?.headers()['x-robots-tag']).toMatch(/\bnoindex\b/);
      const next = site.show('next');
      const arriving = page.waitForURL(next);
      await page.evaluate(`{ location.href = '${next}' }`);
      await arriving;
      return site.referrers.get(next) ?? 'nobody came';
    };
    const { url: gateway } = sharedGateway();
    expect(await referrerFrom(`${gateway}/health/live`)).toBe(`${gateway}/`);
    expect(await referrerFrom(url)).toBe('');
  });

  it('shows an image in place, in a tab and in a page of the site', async () => {
    const sourceId = await storeFile(tenant.editor, 'dot.png', 'image/png', PIXEL);
    const url = await makeLink(tenant.editor, sourceId, { disposition: 'inline' });
    await page.goto(url);
    expect(await page.evaluate('document.images[0].naturalWidth')).toBe(1);
    await page.goto(site.show(`<img src="${url}">`));
    expect(await page.evaluate('document.images[0].naturalWidth')).toBe(1);
  });

  it('shows a PDF in place, which the policy of its answer does not hinder', async () => {
    const pdf = await readFile(join(import.meta.dirname, '../fixtures/one-page.pdf'));
    const sourceId = await storeFile(tenant.editor, 'one page.pdf', 'application/pdf', pdf);
    const url = await makeLink(tenant.editor, sourceId, { disposition: 'inline' });
    const complaints: string[] = [];
    page.on('console', (message) => {
      if (message.text().includes('Content Security Policy')) complaints.push(message.text());
    });
    await page.goto(url);
    // Chromium's viewer is a page of its own in a frame; it knows the number of pages once it has read the file.
    const viewer = await eventually('the viewer', async () =>
      page.frames().find((frame) => frame.url().startsWith('chrome-extension:')),
    );
    await viewer.locator('#pagelength').filter({ hasText: /^1$/ }).waitFor();
    expect(complaints).toEqual([]);
  });
});
