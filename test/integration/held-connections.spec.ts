import { afterAll, beforeAll, expect, it, jest } from '@jest/globals';
import { once } from 'node:events';
import { request, type ClientRequest, type IncomingMessage } from 'node:http';
import { setInterval as every } from 'node:timers/promises';

import { Api, expectStatus, freshId, makeProxyTenant } from '../support/api.js';
import { sha256 } from '../support/gateway-inside.js';
import { GatewayProcess } from '../support/gateway-process.js';
import { eventually } from '../support/eventually.js';
import { begin, declared } from '../support/presigned.js';
import { beginDownload, readAll, readBytes } from '../support/slow-client.js';
import { ThrowawayDatabase } from '../support/test-database.js';
import { makeUpload } from '../support/tus.js';

jest.setTimeout(180_000);

const POOL = 5;
/** Transfers in each direction. */
const TRANSFERS = 50;
/** 10 kB a second. */
const STEP_BYTES = 1_000;
const STEP_MS = 100;
/** No transaction may become so old. */
const OLD_SECONDS = 2;
/** Three times that. */
const WATCHED_MS = 3 * OLD_SECONDS * 1_000;
/** A bound on hanging: whoever waits for one of the pool's connections is refused after 5 s. Milliseconds. */
const PROMPT_MS = 2_500;
/** More than the sockets' buffers on both sides hold, so that a download of it cannot end unread. */
const LARGE = Buffer.alloc(16 * 2 ** 20, 'gatehold ');
/** More than is sent while the lists are asked for. */
const CONTENT = Buffer.alloc(256 * 2 ** 10, 'slow but steady ');
const FORM = {
  type: 'multipart/form-data; boundary=b',
  body: Buffer.concat([
    Buffer.from('--b\r\nContent-Disposition: form-data; name="file"; filename="f"\r\n\r\n'),
    CONTENT,
    Buffer.from('\r\n--b--\r\n'),
  ]),
};

let database: ThrowawayDatabase;
let gateway: GatewayProcess;
let editor: Api;

beforeAll(async () => {
  database = await ThrowawayDatabase.create();
  gateway = await GatewayProcess.start({
    env: {
      DATABASE_URL: database.runtimeUrl,
      DATABASE_MIGRATION_URL: database.ownerUrl,
      DATABASE_POOL_SIZE: String(POOL),
    },
  });
  ({ editor } = await makeProxyTenant(new Api(gateway.url, gateway.rootToken)));
  expectStatus(await editor.put('large', LARGE), 201);
});

afterAll(async () => {
  await gateway.dispose();
  await database.drop();
});

/** An upload of which the gateway reads what there is, and a piece more of it whenever it is asked for. */
class SlowUpload {
  readonly answer: Promise<number>;
  private sent = 0;

  private constructor(
    private readonly request: ClientRequest,
    private readonly body: Buffer,
  ) {
    this.answer = once(request, 'response').then(
      async ([response]) => (await readAll(response as IncomingMessage)).status,
    );
    this.answer.catch(() => undefined);
  }

  /** Resolves once the gateway reads it. */
  static async begin(
    method: string,
    url: string,
    body: Buffer,
    headers: Readonly<Record<string, string>>,
  ): Promise<SlowUpload> {
    const length = { 'content-length': String(body.length) };
    const sending = request(url, {
      method,
      headers: { ...headers, ...length, expect: '100-continue' },
      agent: false,
    });
    const upload = new SlowUpload(sending, body);
    sending.flushHeaders();
    await Promise.race([once(sending, 'continue'), upload.answer]);
    return upload;
  }

  step(): void {
    this.request.write(this.body.subarray(this.sent, this.sent + STEP_BYTES));
    this.sent += STEP_BYTES;
  }

  end(): Promise<number> {
    if (this.sent >= this.body.length) throw new Error('It has ended before it was to.');
    this.request.end(this.body.subarray(this.sent));
    return this.answer;
  }
}

const BEARER = (): Record<string, string> => ({ authorization: `Bearer ${editor.token ?? ''}` });

/** The ways that bytes come. */
const UPLOADS: readonly (() => Promise<SlowUpload>)[] = [
  () => SlowUpload.begin('PUT', `${gateway.url}/v1/sources/${freshId('raw')}/content`, CONTENT, BEARER()),
  () =>
    SlowUpload.begin('POST', `${gateway.url}/v1/sources`, FORM.body, {
      ...BEARER(),
      'content-type': FORM.type,
    }),
  async () => {
    const { url, headers } = await begin(editor, declared(CONTENT));
    return await SlowUpload.begin('PUT', url as string, CONTENT, headers as Record<string, string>);
  },
  async () => {
    const path = await makeUpload(editor, { length: CONTENT.length });
    return await SlowUpload.begin('PATCH', new URL(path, gateway.url).href, CONTENT, {
      ...BEARER(),
      'tus-resumable': '1.0.0',
      'upload-offset': '0',
      'content-type': 'application/offset+octet-stream',
    });
  },
];

/** Takes a piece of each download and gives one to each upload, at their pace, until `signal` fires. */
async function trickle(
  uploads: readonly SlowUpload[],
  downloads: readonly IncomingMessage[],
  signal: AbortSignal,
): Promise<Buffer[][]> {
  const read = downloads.map((): Buffer[] => []);
  try {
    // Slowness itself is what is tested here: there is nothing to wait for.
    for await (const steppers of every(STEP_MS, uploads, { signal })) {
      for (const upload of steppers) upload.step();
      for (const [index, download] of downloads.entries()) {
        const piece = download.read(STEP_BYTES) as Buffer | null;
        if (piece !== null) read[index]?.push(piece);
      }
    }
  } catch (error) {
    if (!signal.aborted) throw error;
  }
  return read;
}

/** Asks for lists one after the other, beside which no transaction is old, and answers how long each took. Milliseconds. */
async function timeLists(durationMs: number): Promise<number[]> {
  const taken: number[] = [];
  const end = performance.now() + durationMs;
  for (let began = performance.now(); began < end; began = performance.now()) {
    expectStatus(await editor.get('/v1/sources?limit=100'), 200);
    taken.push(performance.now() - began);
    expect(await busyFor(OLD_SECONDS)).toEqual([]);
  }
  return taken.sort((one, other) => one - other);
}

/** What the gateway does in the database at this moment, and has been doing for `seconds`. */
function busyFor(seconds: number): Promise<{ state: string; query: string }[]> {
  return database.owner(
    `SELECT state, query FROM pg_stat_activity
     WHERE datname = current_database() AND application_name LIKE 'gatehold%' AND state <> 'idle'
       AND xact_start <= clock_timestamp() - make_interval(secs => $1)`,
    [seconds],
  );
}

it('DB-02: 50 slow uploads and 50 slow downloads hold no connection of a pool of 5', async () => {
  const { json: link } = await editor.post('/v1/sources/large/links', { expires_in: 600 });
  const paths = ['/v1/sources/large/content', new URL(link.url as string).pathname];
  const some = Array.from({ length: TRANSFERS }, (_, index) => index);
  const uploads = await Promise.all(
    some.map((index) => (UPLOADS[index % UPLOADS.length] as (typeof UPLOADS)[number])()),
  );
  const downloads = await Promise.all(
    some.map((index) =>
      beginDownload(gateway.url, editor.token ?? '', paths[index % paths.length] as string),
    ),
  );
  expect(downloads.map(({ statusCode }) => statusCode)).toEqual(some.map(() => 200));

  const over = new AbortController();
  const transfers = trickle(uploads, downloads, over.signal);
  await eventually('nothing is under way in the database', async () => (await busyFor(0)).length === 0);
  const taken = await timeLists(WATCHED_MS).finally(() => over.abort());
  expect(taken[Math.floor(taken.length * 0.95)]).toBeLessThan(PROMPT_MS);
  const connections = await database.owner(
    `SELECT FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'gatehold'`,
  );
  expect(connections.length).toBeLessThanOrEqual(POOL);

  // All of them were under way to the last moment, and none was harmed.
  const read = await transfers;
  expect(downloads.some(({ complete }) => complete)).toBe(false);
  const statuses = await Promise.all(uploads.map((upload) => upload.end()));
  expect(statuses).toEqual(some.map((index) => [201, 201, 204, 204][index % UPLOADS.length]));
  for (const [index, download] of downloads.entries()) {
    const bytes = Buffer.concat([...(read[index] ?? []), await readBytes(download)]);
    expect(sha256(bytes)).toBe(sha256(LARGE));
  }
});
