import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import type { Browser } from 'playwright-core';

import { freshId } from '../support/api.js';
import { seriousViolations } from '../support/browser-axe.js';
import { withDocs } from '../support/browser-docs.js';
import { BROWSER_LIMIT_MS, launchBrowser, widths } from '../support/browser.js';
import { describeWith } from '../support/programs.js';
import { sharedGateway } from '../support/shared-gateway.js';

jest.setTimeout(BROWSER_LIMIT_MS);

const GROUPS = ['Tenants', 'Tokens', 'Sources', 'Uploads', 'Links', 'Audit', 'Compatibility', 'Health'];
const TEXT = 'Written by hand: größer, 日本.\n';

describeWith(['chromium'], 'the API page in a browser', () => {
  const { url, root } = sharedGateway();
  let browser: Browser;

  beforeAll(async () => {
    browser = await launchBrowser();
  });

  afterAll(async () => {
    await browser.close();
  });

  describe.each([1440, 390])('%i pixels wide', (width) => {
    it('says what it is and how to begin, fits the window, and complains about nothing', async () => {
      await withDocs(browser, { url, width }, async (docs, { errors, foreign }) => {
        const { page } = docs;
        await docs.keep(`docs-${width}-1-first-view`);
        expect(await page.title()).toBe('Gatehold API');
        const introduction = await page.locator('.info').innerText();
        expect(introduction).toContain('multi-tenant storage gateway');
        expect(introduction).toMatch(/root token.*root-token.*GATEHOLD_ROOT_TOKEN.*X-Tenant-Id/s);
        const groups = await page.locator('.opblock-tag').all();
        expect(await Promise.all(groups.map((group) => group.getAttribute('data-tag')))).toEqual(GROUPS);
        expect(await widths(page)).toEqual({ window: width, page: width });
        expect(await seriousViolations(page)).toEqual([]);
        expect({ errors, foreign }).toEqual({ errors: [], foreign: [] });
      });
    });

    it('leads a person from the root token to a tenant, an upload, and its bytes', async () => {
      const tenant = freshId('page');
      await withDocs(browser, { url, width }, async (docs, { errors, foreign }) => {
        await docs.openDialog();
        expect(await seriousViolations(docs.page)).toEqual([]);
        await docs.giveToken(root.token ?? '');
        await docs.keep(`docs-${width}-2-authorised`);
        expect(await seriousViolations(docs.page)).toEqual([]);
        await docs.closeDialog();

        const create = await docs.operation('POST', '/v1/tenants');
        await create.type({ tenant_id: tenant });
        expect((await create.execute()).status).toBe(201);
        expect(await create.shown('tenant_id')).toBe(tenant);
        await create.fold();

        const upload = await docs.operation('POST', '/v1/sources');
        await upload.field('X-Tenant-Id').fill(tenant);
        await upload.choose('größer.txt', 'text/plain', TEXT);
        await docs.keep(`docs-${width}-3-form`);
        expect((await upload.execute()).status).toBe(201);
        await upload.showAnswer();
        await docs.keep(`docs-${width}-4-answer`);
        expect(await seriousViolations(docs.page)).toEqual([]);
        expect(await upload.shown('name')).toBe('größer.txt');
        const source = String(await upload.shown('source_id'));
        await upload.fold();

        const read = await docs.operation('GET', '/v1/sources/{source_id}/content');
        await read.field('X-Tenant-Id').fill(tenant);
        await read.field('source_id').fill(source);
        expect((await read.execute()).status).toBe(200);
        expect(await read.saveFile()).toEqual(Buffer.from(TEXT));
        await read.fold();

        const fetching = await docs.operation('POST', '/fetch/fetch-source-content');
        await fetching.type({ tenant_id: tenant, source_id: source, mode: 'both' });
        expect((await fetching.execute()).status).toBe(200);
        expect(await fetching.shown('content')).toBe(TEXT);
        expect(await fetching.shown('presigned_url')).toMatch(/^http.*\/l\//);

        expect(await widths(docs.page)).toEqual({ window: width, page: width });
        expect({ errors, foreign }).toEqual({ errors: [], foreign: [] });
      });
    });

    it('shows a person what was wrong with a request, and with a token', async () => {
      await withDocs(browser, { url, width }, async (docs, { foreign }) => {
        await docs.authorise(root.token ?? '');
        const create = await docs.operation('POST', '/v1/tenants');
        await create.type({ tenant_id: 'not an id!' });
        const refused = await create.execute();
        expect(refused.status).toBe(422);
        expect(await create.shown('detail')).toMatch(/^tenant_id: must start with a letter or digit/);
        await create.showAnswer();
        await docs.keep(`docs-${width}-5-error`);
        expect(await seriousViolations(docs.page)).toEqual([]);

        await docs.openDialog();
        await docs.forgetToken();
        await docs.giveToken('not-a-token');
        await docs.closeDialog();
        await create.type({ tenant_id: freshId('page') });
        expect((await create.execute()).status).toBe(401);
        expect(await create.shown('code')).toBe('invalid_token');
        expect(await create.shown('detail')).toMatch(/token/i);
        await create.showAnswer();
        await docs.keep(`docs-${width}-6-wrong-token`);
        expect(await widths(docs.page)).toEqual({ window: width, page: width });
        expect(foreign).toEqual([]);
      });
    });
  });
});
