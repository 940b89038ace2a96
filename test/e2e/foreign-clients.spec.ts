import { beforeAll, describe, expect, it } from '@jest/globals';

import { makeProxyTenant, type TestTenant } from '../support/api.js';
import { makeLink, storeFile, URL_MAKERS } from '../support/download-urls.js';
import { FETCHERS, fetchWith } from '../support/fetching-programs.js';
import { ODD_NAMES } from '../support/odd-names.js';
import { describeWith } from '../support/programs.js';
import { sharedGateway } from '../support/shared-gateway.js';

const BYTES = Buffer.from([0x00, 0xff, 0x0d, 0x0a, 0x1a, 0x80, 0x25, 0x41]);
const TYPE = 'application/vnd.example.thing';

let tenant: TestTenant;

beforeAll(async () => {
  tenant = await makeProxyTenant(sharedGateway().root);
});

describe.each(FETCHERS)('a download with %s', (_what, program, args, reads) => {
  describeWith([program], 'of the operating system', () => {
    it.each(Object.entries(URL_MAKERS))('has bytes, name and type right by %s', async (_by, makeUrl) => {
      const sourceId = await storeFile(tenant.editor, 'annual report.pdf', 'application/pdf', BYTES);
      const url = await makeUrl(tenant.editor, { tenantId: tenant.id, sourceId });
      expect(await fetchWith(program, args(url))).toEqual({
        name: 'annual report.pdf',
        type: 'application/pdf',
        bytes: BYTES,
      });
    });

    it.each(ODD_NAMES)('DL-01: saves %s under a name that is its own', async (name, ascii) => {
      const sourceId = await storeFile(tenant.editor, name, TYPE, BYTES);
      const saved = await fetchWith(program, args(await makeLink(tenant.editor, sourceId)));
      expect(saved).toEqual({ name: reads(name, ascii), type: TYPE, bytes: BYTES });
    });
  });
});
