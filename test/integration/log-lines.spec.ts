import { describe, expect, it, jest } from '@jest/globals';

import { Api, expectStatus, makeTenant } from '../support/api.js';
import { GatewayProcess } from '../support/gateway-process.js';
import { exchange, form } from '../support/raw-http.js';

jest.setTimeout(90_000);

const FORGED = '{"level":"fatal","msg":"forged"}';
const HUGE = 'h'.repeat(2 ** 20);
/** More than any line of the log has a reason to have. */
const LONGEST_LINE = 16 * 1024;

const NASTY = [
  `\n${FORGED}\n`,
  `\r\n${FORGED}\r\n`,
  `\u2028${FORGED}\u2029`,
  `\u0085${FORGED}`,
  '\u001b[2J\u001b[31mred\u001b]0;title\u0007',
  '\u009b31m',
  'nul\u0000nul',
  `"},${FORGED},{"x":"`,
  '\\n\\u000a\\',
  '\u202egnp.exe',
];

/** Puts a text into every place that a caller chooses and that a line could repeat. */
async function say(gateway: GatewayProcess, editor: Api, root: Api, text: string): Promise<void> {
  const encoded = encodeURIComponent(text);
  await editor.get(`/v1/sources/${encoded}`);
  await editor.get(`/${encoded}`);
  await editor.get(`/v1/sources?name_prefix=${encoded}`);
  await editor.get(`/l/${encoded}`);
  await root.get(`/v1/tenants/${encoded}`);
  await root.post('/v1/tenants', { tenant_id: text });
  await editor.put(`named-${encoded.length}`, 'x');
  await editor.patch(`/v1/sources/named-${encoded.length}`, { name: text, metadata: { [text]: text } });
  await editor.post('/fetch/fetch-source-content', { source_id: text, tenant_id: text });
  await editor.post('/v1/sources/named/links', { [text]: text });
  const { type, body } = form([{ name: 'file', fileName: text, type: text, content: text }]);
  await editor.request('POST', '/v1/sources', { body, headers: { 'content-type': type } });
  // As bytes, since no client library lets them pass.
  const header = text.replaceAll(/[\r\n]/g, ' ');
  for (const name of ['X-Request-Id', 'User-Agent', 'X-Tenant-Id', 'X-Forwarded-For', 'Authorization'])
    await exchange(
      gateway.url,
      `GET /v1/me HTTP/1.1\r\nHost: x\r\nConnection: close\r\n${name}: ${header}\r\n\r\n`,
      'wait',
    );
  await exchange(gateway.url, `GET /${text} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`, 'wait');
}

describe('a line of the log (OP-07)', () => {
  it('is one bounded JSON object of the gateway, whatever callers put into names, paths and headers', async () => {
    const gateway = await GatewayProcess.start({ env: { GATEHOLD_LOG_LEVEL: 'debug' } });
    try {
      const root = new Api(gateway.url, gateway.rootToken);
      const { editor } = await makeTenant(root);
      for (const text of NASTY) await say(gateway, editor, root, text);
      await editor.patch('/v1/sources/none', { name: HUGE.slice(0, 2 ** 19) });
      await editor.post('/fetch/fetch-source-content', { source_id: HUGE.slice(0, 2 ** 19), tenant_id: 'x' });
      await exchange(gateway.url, `GET /${HUGE} HTTP/1.1\r\nHost: x\r\n\r\n`, 'wait');
      await exchange(gateway.url, `GET / HTTP/1.1\r\nHost: x\r\nX-Huge: ${HUGE}\r\n\r\n`, 'wait');
      expectStatus(await editor.get('/v1/me'), 200);
      await gateway.signal('SIGTERM');

      const lines = gateway.log.split('\n').filter((line) => line !== '');
      expect(lines.length).toBeGreaterThan(NASTY.length * 10);
      for (const line of lines) {
        expect(line.length).toBeLessThan(LONGEST_LINE);
        expect(line).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
        expect(JSON.parse(line)).toMatchObject({
          level: expect.stringMatching(/^(?:debug|info|warn)$/) as unknown,
          time: expect.stringMatching(/^\d{4}-/) as unknown,
          msg: expect.not.stringContaining('forged') as unknown,
        });
      }
    } finally {
      await gateway.dispose();
    }
  });
});
