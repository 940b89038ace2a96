import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { basename } from 'node:path';

import { Api, expectStatus, freshId, makeUnboundTenant, type TestTenant } from '../support/api.js';
import { CEPH_PROGRAMS, CEPH_START_MS, sharedCeph } from '../support/ceph.js';
import { CephBucket } from '../support/ceph-buckets.js';
import { eventually } from '../support/eventually.js';
import { objectFiles, pattern, sha256 } from '../support/gateway-inside.js';
import { bound } from '../support/presigned.js';
import { describeWith } from '../support/programs.js';
import { beginDownload, beginUpload, readBytes } from '../support/slow-client.js';
import { UnluckyGateways } from '../support/unlucky-gateways.js';

jest.setTimeout(CEPH_START_MS + 120_000);

/** More than the sockets' buffers on both sides hold, so that a download of it cannot end unread. */
const OLD = pattern(24 * 2 ** 20, 1);
const NEW = pattern(6 * 2 ** 20, 2);
const REPLACE = 'replace-source';
/** A bound on hanging: removal follows within seconds. */
const PATIENCE_MS = 60_000;

let gateways: UnluckyGateways;

beforeAll(async () => {
  gateways = await UnluckyGateways.start({ GATEHOLD_ALLOWED_ENDPOINTS: '127.0.0.0/8' });
});

afterAll(() => gateways.dispose());

/** A step of a replacement, and how the gateway that takes it is killed there. Resolves when it is dead. */
type Accident = (editor: Api, id: string) => Promise<void>;

/** Kills the gateway at the commit of the replacement, or at the answer to it. */
async function killedAtCommit(lost: 'commit' | 'answer', editor: Api, id: string): Promise<void> {
  const struck = gateways.wire.loseNext(lost, REPLACE, () => gateways.unlucky.child.kill('SIGKILL'));
  await expect(new Api(gateways.unlucky.url, editor.token).put(id, NEW)).rejects.toThrow();
  await struck;
}

const ACCIDENTS: readonly [string, Accident, Buffer][] = [
  [
    'while the new bytes are coming',
    async (editor, id) => {
      const { url, child } = gateways.unlucky;
      const headers = { 'content-length': String(NEW.length) };
      const upload = await beginUpload(url, editor.token ?? '', id, headers);
      const half = NEW.subarray(0, NEW.length / 2);
      await new Promise((resolve) => upload.request.write(half, resolve));
      child.kill('SIGKILL');
      await expect(upload.answer).rejects.toThrow();
    },
    OLD,
  ],
  [
    'when the new bytes are stored and nothing is committed',
    (editor, id) => killedAtCommit('commit', editor, id),
    OLD,
  ],
  [
    'when it is committed and the old bytes are still there',
    (editor, id) => killedAtCommit('answer', editor, id),
    NEW,
  ],
];

interface Row {
  readonly status: string;
  readonly object_key: string;
  readonly size: number;
  readonly sha256: string;
}

/** All rows of a tenant's sources. */
function rowsOf({ id }: TestTenant): Promise<Row[]> {
  return gateways.throwaway.owner<Row>(
    `SELECT status, object_key, size_bytes::int AS size, encode(checksum_sha256, 'hex') AS sha256
     FROM sources WHERE tenant_id = $1`,
    [id],
  );
}

/** Reads over and over until it is told to end; every read is one whole version, never a newer before an older one. */
async function readThroughout(viewer: Api, id: string, signal: AbortSignal): Promise<void> {
  let isReplaced = false;
  do {
    const answer = await viewer.get(`/v1/sources/${id}/content`);
    expectStatus(answer, 200);
    const isNew = answer.bytes.equals(NEW);
    expect(isNew || (!isReplaced && answer.bytes.equals(OLD))).toBe(true);
    isReplaced ||= isNew;
  } while (!signal.aborted);
}

/** `make` makes a tenant, and `objectsOf` names its complete objects as the storage has them. */
function describeReplacements(
  make: () => Promise<{
    readonly tenant: TestTenant;
    readonly objectsOf: () => Promise<string[]>;
  }>,
): void {
  it.each(ACCIDENTS)('%s, one whole version is there', async (_step, accident, expected) => {
    await gateways.revive();
    const { tenant, objectsOf } = await make();
    const { editor, viewer } = tenant;
    const id = freshId('doc');
    expectStatus(await editor.put(id, OLD), 201);
    const [before] = await rowsOf(tenant);
    const download = await beginDownload(gateways.other.url, viewer.token ?? '', `/v1/sources/${id}/content`);
    const over = new AbortController();
    const reading = readThroughout(viewer, id, over.signal);
    await accident(editor, id).finally(() => over.abort());
    await gateways.unlucky.ended();
    await reading;

    const rows = await rowsOf(tenant);
    expect(rows).toEqual([
      {
        status: 'available',
        object_key: expect.any(String),
        size: expected.length,
        sha256: sha256(expected),
      },
    ]);
    // What was once complete is never written again: another version has another key.
    expect(rows[0]?.object_key === before?.object_key).toBe(expected === OLD);
    expect((await viewer.get(`/v1/sources/${id}/content`)).bytes.equals(expected)).toBe(true);

    // The dead gateway's lease ends, and one object is left: that of the row.
    await gateways.throwaway.owner('UPDATE uploads SET expires_at = now() WHERE tenant_id = $1', [tenant.id]);
    const oneLeft = async (): Promise<string[] | null> => {
      const objects = await objectsOf();
      return objects.length === 1 ? objects : null;
    };
    const [left] = await eventually('one object is left', oneLeft, PATIENCE_MS);
    expect(rows[0]?.object_key.endsWith(left ?? 'none')).toBe(true);
    // Whoever began to read the old version has all of it, gone or not.
    expect((await readBytes(download)).equals(OLD)).toBe(true);
    expect((await viewer.get(`/v1/sources/${id}/content`)).bytes.equals(expected)).toBe(true);
  });
}

describe('CF-08: a gateway that is killed in the midst of a replacement, on the filesystem', () => {
  describeReplacements(async () => {
    const tenant = await makeUnboundTenant(gateways.root);
    const objectsOf = async (): Promise<string[]> => {
      const names = (await objectFiles(gateways.dataDir, tenant.editor)).map((path) => basename(path));
      // What was never complete has no key, and is swept when it is old.
      return names.filter((name) => !/^\..+\.tmp$/.test(name));
    };
    return { tenant, objectsOf };
  });
});

describeWith(CEPH_PROGRAMS, 'CF-08: a gateway that is killed in the midst of a replacement, on Ceph', () => {
  describeReplacements(async () => {
    const bucket = await CephBucket.make(await sharedCeph());
    const tenant = await bound(gateways.root, bucket.binding({ delivery: 'proxy' }));
    const objectsOf = async (): Promise<string[]> =>
      (await bucket.keys()).map((key) => key.slice(key.lastIndexOf('/') + 1));
    return { tenant, objectsOf };
  });
});
