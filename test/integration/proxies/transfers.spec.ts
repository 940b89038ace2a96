import { afterAll, beforeAll, expect, it, jest } from '@jest/globals';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { readdir } from 'node:fs/promises';
import { request, type ClientRequest, type IncomingMessage } from 'node:http';
import { join } from 'node:path';

import { Api, freshId, makeTenant, type TestTenant } from '../../support/api.js';
import { DEPLOYED_PROXIES } from '../../support/deployed-proxies.js';
import { eventually } from '../../support/eventually.js';
import type { ForegroundServer } from '../../support/foreground-server.js';
import { GatewayProcess } from '../../support/gateway-process.js';
import { describeWith } from '../../support/programs.js';
import { ask, exchange, head, statusOf } from '../../support/raw-http.js';
import { beginUpload, readAll } from '../../support/slow-client.js';

jest.setTimeout(60_000);

const MIB = 2 ** 20;
const SIZE = 50 * MIB;
const LIMIT = 60 * MIB;

let gateway: GatewayProcess;
let tenant: TestTenant;
let content: Buffer;

beforeAll(async () => {
  gateway = await GatewayProcess.start({ env: { GATEHOLD_MAX_UPLOAD_BYTES: String(LIMIT) } });
  tenant = await makeTenant(new Api(gateway.url, gateway.rootToken));
  content = randomBytes(SIZE);
});

afterAll(() => gateway.dispose());

const sha256 = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');

for (const { file, program, start } of DEPLOYED_PROXIES)
  describeWith([program], file, () => {
    let proxy: ForegroundServer;
    let editor: Api;

    beforeAll(async () => {
      proxy = await start(gateway.url);
      editor = new Api(proxy.url, tenant.editor.token);
    });

    afterAll(() => proxy.stop());

    const contentOf = (id: string): string => `/v1/sources/${id}/content`;

    /** Begins an upload of a declared length and sends what is given of it. The answer may come before the rest. */
    function beginDeclared(token: string | null, length: number, part: Buffer): ClientRequest {
      const outgoing = request(`${proxy.url}${contentOf(freshId('s'))}`, {
        method: 'PUT',
        agent: false,
        headers: {
          'content-length': length,
          ...(token === null ? {} : { authorization: `Bearer ${token}` }),
        },
      });
      outgoing.on('error', () => undefined);
      outgoing.write(part);
      return outgoing;
    }

    it('carries 50 MiB in both directions, 8 MiB without a length, and parts of them', async () => {
      const some = content.subarray(0, 8 * MIB);
      const chunks = function* (): Generator<Buffer> {
        for (let at = 0; at < some.length; at += MIB) yield some.subarray(at, at + MIB);
      };
      for (const [bytes, body] of [
        [content, content],
        [some, chunks()],
      ] as const) {
        const path = contentOf(freshId('s'));
        const put = await ask(proxy.url, { method: 'PUT', path, token: editor.token, body });
        expect([put.status, put.json.checksum_sha256]).toEqual([201, sha256(bytes)]);
        const whole = await ask(proxy.url, { path, token: editor.token });
        expect([whole.status, whole.bytes.length, sha256(whole.bytes)]).toEqual([
          200,
          bytes.length,
          sha256(bytes),
        ]);
        const [from, to] = [bytes.length - 5 * MIB, bytes.length - 2];
        const range = { range: `bytes=${from}-${to - 1}` };
        const part = await ask(proxy.url, { path, token: editor.token, headers: range });
        expect([part.status, part.headers['content-range']]).toEqual([
          206,
          `bytes ${from}-${to - 1}/${bytes.length}`,
        ]);
        expect(part.bytes.equals(bytes.subarray(from, to))).toBe(true);
      }
    });

    it('hands refusals on while the body is still to come', async () => {
      for (const [token, length, status] of [
        [null, SIZE, 401],
        [editor.token, LIMIT + 1, 413],
        [tenant.viewer.token, SIZE, 403],
      ] as const) {
        const upload = beginDeclared(token, length, content.subarray(0, 64 * 1024));
        const [response] = (await once(upload, 'response')) as [IncomingMessage];
        const answer = await readAll(response);
        upload.destroy();
        expect(answer.status).toBe(status);
        expect(JSON.parse(answer.text)).toMatchObject({ status });
      }
    });

    it('lets a caller read the refusal of a body that it sends to its end', async () => {
      for (const [token, body, status] of [
        [null, content, 401],
        [tenant.viewer.token, content, 403],
      ] as const) {
        const path = contentOf(freshId('s'));
        const answer = await ask(proxy.url, { method: 'PUT', path, token, body });
        expect([answer.status, answer.json.status]).toEqual([status, status]);
      }
    });

    it('takes an upload that waits for 100 Continue', async () => {
      const id = freshId('s');
      const { request: upload, answer } = await beginUpload(proxy.url, editor.token ?? '', id, {
        'content-length': '5',
      });
      upload.end('hello');
      expect((await answer).status).toBe(201);
      expect((await editor.get(contentOf(id))).text).toBe('hello');
    });

    it('takes the longest id there is, in any script', async () => {
      for (const letter of ['\u{1f600}', 'ü', '/']) {
        const start = freshId('s');
        const id = start + letter.repeat(1024 - start.length);
        const made = await editor.put(id, 'long');
        expect([made.status, made.json.external_id]).toEqual([201, id]);
        const link = (await editor.post(`/v1/sources/${encodeURIComponent(id)}/links`, {})).json
          .url as string;
        expect((await editor.as(null).get(new URL(link).pathname)).text).toBe('long');
      }
    });

    it('UP-01: never makes a source of an upload that breaks off', async () => {
      const before = await objects();
      for (const ending of ['fin', 'reset'] as const)
        for (const framing of [`Content-Length: ${MIB}`, 'Transfer-Encoding: chunked']) {
          const id = freshId('s');
          const start = framing.startsWith('T') ? '80000\r\n' : '';
          const bytes = [
            head('PUT', contentOf(id), editor.token, [framing]),
            start,
            content.subarray(0, MIB / 2),
          ];
          const status = statusOf(await exchange(proxy.url, bytes, ending));
          expect([null, 400]).toContain(status);
          expect((await editor.get(`/v1/sources/${id}`)).status).toBe(404);
        }
      await eventually('nothing is left of them', async () =>
        (await objects()).every((name) => before.includes(name)),
      );
    });
  });

/** Files below the objects folder, unfinished ones too. */
async function objects(): Promise<string[]> {
  const entries = await readdir(join(gateway.dataDir, 'objects'), { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map(({ name }) => name);
}
