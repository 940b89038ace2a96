import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { join } from 'node:path';

import { Api, expectStatus, makeTenant } from '../support/api.js';
import { eventually } from '../support/eventually.js';
import { descriptorCount, filesUnder } from '../support/gateway-inside.js';
import { GatewayProcess } from '../support/gateway-process.js';
import { asOwner } from '../support/owner-connection.js';
import { COLLECTABLE, usedBytes } from '../support/process-memory.js';
import { form, head } from '../support/raw-http.js';
import { RawPeer } from '../support/raw-peer.js';
import { seeded } from '../support/seeded.js';

jest.setTimeout(120_000);

const UPLOADS = 1_000;
/** Enough for what is loaded, cached and compiled once. */
const WARM_UP = 300;
const CLIENTS = 16;
/** More than the socket and the storage take at once. */
const SIZE = 3 * 2 ** 20;
const CONTENT = Buffer.alloc(SIZE, 'aborted ');
const MOST_GROWTH = 30 * 2 ** 20;

let gateway: GatewayProcess;
let editor: Api;

beforeAll(async () => {
  gateway = await GatewayProcess.start({ env: COLLECTABLE });
  ({ editor } = await makeTenant(new Api(gateway.url, gateway.rootToken)));
  expectStatus(await editor.put('kept', 'kept'), 201);
});

afterAll(() => gateway.dispose());

const CHUNKED = CONTENT.subarray(0, 2 ** 20);
const CHUNKS = Buffer.concat([
  ...Array.from({ length: 3 }, () => [Buffer.from(`${CHUNKED.length.toString(16)}\r\n`), CHUNKED]).flat(),
]);
const FORM = form([{ name: 'file', fileName: 'aborted.bin', content: CONTENT }]);

/** Head and body of an upload of each kind. */
function upload(kind: number, id: string): { start: string; body: Buffer } {
  const path = `/v1/sources/${id}/content`;
  const token = editor.token;
  if (kind === 0) return { start: head('PUT', path, token, [`Content-Length: ${SIZE}`]), body: CONTENT };
  if (kind === 1) return { start: head('PUT', path, token, ['Transfer-Encoding: chunked']), body: CHUNKS };
  const headers = [`Content-Type: ${FORM.type}`, `Content-Length: ${FORM.body.length}`];
  return { start: head('POST', '/v1/sources', token, headers), body: FORM.body };
}

/** Uploads that are given up before their last byte, most of them soon; every other one by a reset. */
async function abortUploads(count: number, random: () => number): Promise<void> {
  let next = 0;
  const client = async (): Promise<void> => {
    for (let number = next++; number < count; number = next++) {
      const { start, body } = upload(number % 3, `aborted-${number}`);
      const offset = Math.floor(random() ** 4 * (body.length - 1));
      const peer = await RawPeer.open(gateway.url);
      await peer.send(start);
      await peer.send(body.subarray(0, offset));
      if (number % 2 === 0) peer.reset();
      else peer.socket.end();
      await peer.closed;
    }
  };
  await Promise.all(Array.from({ length: CLIENTS }, client));
}

async function count(what: string): Promise<number> {
  return await asOwner(gateway.dataDir, async (client) => {
    const { rows } = await client.query<{ count: number }>(`SELECT count(*)::int AS count FROM ${what}`);
    return rows[0]?.count ?? -1;
  });
}

/** Writes that were begun so far, as the statistics of the database have it. */
async function written(): Promise<number> {
  return await asOwner(gateway.dataDir, async (client) => {
    const { rows } = await client.query<{ count: number }>(
      `SELECT n_tup_ins::int AS count FROM pg_stat_user_tables WHERE relname = 'uploads'`,
    );
    return rows[0]?.count ?? -1;
  });
}

/** The gateway's connections to the database that are doing something. */
const BUSY = `pg_stat_activity
  WHERE backend_type = 'client backend' AND pid <> pg_backend_pid() AND state <> 'idle'`;

/** Waits until nothing is under way and answers what the gateway then has open. */
async function settled(): Promise<number> {
  await eventually('no write is under way', async () => (await count('uploads')) === 0);
  await eventually('what was written is removed', async () => (await count('outbox')) === 0);
  await eventually('no connection is busy', async () => (await count(BUSY)) === 0);
  await eventually(
    'one file is left',
    async () => (await filesUnder(join(gateway.dataDir, 'objects'))).length === 1,
  );
  return await descriptorCount(gateway.pid, gateway.dataDir);
}

describe('a thousand uploads given up at random offsets (UP-04)', () => {
  it('leave no descriptor, file, row, database connection or memory behind', async () => {
    const random = seeded(20);
    await abortUploads(WARM_UP, random);
    const open = await settled();
    const used = await usedBytes(gateway);
    const begun = await written();

    await abortUploads(UPLOADS, random);

    // Those that left with their first bytes may not have been seen at all; of most, bytes were being written.
    await eventually('statistics of the writes', async () => (await written()) - begun > UPLOADS / 2);
    // The pool may have opened more of its connections meanwhile; a leak would be one per upload.
    await eventually('descriptors are given back', async () => (await settled()) <= open + CLIENTS);
    expect(await count('sources')).toBe(1);
    // What a busy machine has not collected yet is; what is kept stays.
    await eventually('memory is given back', async () => (await usedBytes(gateway)) - used < MOST_GROWTH);
    expect((await editor.get('/v1/sources/kept/content')).text).toBe('kept');
    expect(gateway.log).not.toMatch(/"level":"(?:error|fatal)"/);
  });
});
