import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';

import { Api, expectStatus, makeTenant } from '../support/api.js';
import { GatewayProcess } from '../support/gateway-process.js';
import { beginDownload, beginUpload, readAll } from '../support/slow-client.js';

jest.setTimeout(90_000);

/** More than the sockets' buffers on both sides hold, so that a download of it cannot end unread. */
const LARGE = Buffer.alloc(24 * 2 ** 20, 'gatehold ');

let gateway: GatewayProcess;

beforeAll(async () => {
  gateway = await GatewayProcess.start({ env: { GATEHOLD_IDLE_TIMEOUT_SECONDS: '1' } });
});

afterAll(() => gateway.dispose());

/** A tenant with one large source, and what its editor may do. */
async function withLargeSource(gateway: GatewayProcess): Promise<Api> {
  const { editor } = await makeTenant(new Api(gateway.url, gateway.rootToken));
  expectStatus(await editor.put('large', LARGE), 201);
  return editor;
}

describe('transfers that are slow but go on (UP-06)', () => {
  it('are not cut by the idle timeout, and silent ones are', async () => {
    const editor = await withLargeSource(gateway);
    const token = editor.token ?? '';
    const silent = await beginUpload(gateway.url, token, 'silent', { 'content-length': '10' });
    const unread = await beginDownload(gateway.url, token, '/v1/sources/large/content');
    const upload = await beginUpload(gateway.url, token, 'steady', { 'transfer-encoding': 'chunked' });
    const download = await beginDownload(gateway.url, token, '/v1/sources/large/content');
    const [bytes] = await Promise.all([readSlowly(download, 4_000), sendSlowly(upload.request, 4_000)]);
    expect(bytes.equals(LARGE)).toBe(true);
    expect((await upload.answer).status).toBe(201);
    await expect(silent.answer).rejects.toThrow();
    await expect(readAll(unread)).rejects.toThrow();
    expectStatus(await editor.get('/v1/sources/silent'), 404);
  });
});

async function readSlowly(response: NodeJS.ReadableStream, durationMs: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  const began = performance.now();
  let size = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    chunks.push(chunk);
    size += chunk.length;
    const due = (size / LARGE.length) * durationMs;
    await pause(began + due - performance.now());
  }
  return Buffer.concat(chunks);
}

async function sendSlowly(request: NodeJS.WritableStream, durationMs: number): Promise<void> {
  for (let sent = 0; sent < durationMs; sent += 200) {
    request.write('x');
    await pause(200);
  }
  request.end();
}

/** Slowness itself is what is tested here: there is nothing to wait for. */
function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, Math.max(0, ms)));
}
