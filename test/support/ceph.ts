import { execFile } from 'node:child_process';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { eventually } from './eventually.js';
import type { Program } from './programs.js';
import { plant } from './run-logs.js';

/** What has to be on the machine for {@link sharedCeph}. */
export const CEPH_PROGRAMS: readonly Program[] = ['radosgw', 'ceph', 'ceph-mon', 'ceph-osd', 'curl'];

/** How long the first caller, and those who wait for it, may need. Milliseconds; also for a suite's `beforeAll`. */
export const CEPH_START_MS = 120_000;

const LAUNCHER = fileURLToPath(new URL('ceph-rgw.sh', import.meta.url));

/** A user of the server. */
export interface CephUser {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

/** A running S3 server: Ceph's RADOS gateway on loopback. */
export interface Ceph {
  readonly endpoint: string;
  readonly region: string;
  readonly user: CephUser;
  /** Somebody else, who may not touch what `user` has. */
  readonly otherUser: CephUser;
  /** A tenant's own: no suite makes buckets as this user, gateways do, for tenants that name it. */
  readonly tenantUser: CephUser;
}

type Started = { readonly endpoint: string } | { readonly failure: string };

/**
 * The one Ceph of this jest run: whoever asks first starts it (some 12 s), the others wait, and the global tear-down
 * stops it. Suites keep apart by buckets of fresh names. `GATEHOLD_TEST_CEPH_URL` names one that runs already and has
 * the launcher's users. Throws, each time it is asked, when it could not be started.
 */
export async function sharedCeph(): Promise<Ceph> {
  const running = process.env['GATEHOLD_TEST_CEPH_URL'];
  if (running !== undefined) return cephAt(running);
  const folder = process.env['GATEHOLD_TEST_CEPH_DIR'];
  if (folder === undefined) throw new Error('Ceph needs the global set-up, or GATEHOLD_TEST_CEPH_URL.');
  const answer = join(folder, 'started.json');
  if (await isFirst(folder)) await publish(answer, await start(folder));
  const text = await eventually(
    'Ceph started',
    () => readFile(answer, 'utf8').catch(() => null),
    CEPH_START_MS,
  );
  const started = JSON.parse(text) as Started;
  if ('failure' in started) throw new Error(started.failure);
  return cephAt(started.endpoint);
}

function cephAt(endpoint: string): Ceph {
  return {
    endpoint,
    region: 'us-east-1',
    user: { accessKeyId: 'testkey', secretAccessKey: 'testsecret' },
    otherUser: { accessKeyId: 'otherkey', secretAccessKey: 'othersecret' },
    tenantUser: { accessKeyId: 'tenantkey', secretAccessKey: 'tenantsecret' },
  };
}

/** What a tenant has to say to get its objects into a bucket of a user. */
export function cephBinding({ endpoint }: Ceph, user: CephUser, bucket: string): Record<string, unknown> {
  plant(user.secretAccessKey);
  return {
    adapter: 's3',
    profile: 'ceph',
    endpoint,
    bucket,
    credentials: { access_key_id: user.accessKeyId, secret_access_key: user.secretAccessKey },
  };
}

/** Suites run in processes of their own; making a folder succeeds in one of them. */
async function isFirst(folder: string): Promise<boolean> {
  return mkdir(join(folder, 'starting')).then(
    () => true,
    () => false,
  );
}

async function start(folder: string): Promise<Started> {
  try {
    const [s3Port = 0, monitorPort = 0] = await freePorts(2);
    const ports = [String(s3Port), String(monitorPort)];
    await promisify(execFile)('bash', [LAUNCHER, 'up', join(folder, 'ceph'), ...ports]);
    return { endpoint: `http://127.0.0.1:${s3Port}` };
  } catch (error) {
    return { failure: String(error) };
  }
}

async function publish(path: string, started: Started): Promise<void> {
  await writeFile(`${path}.new`, JSON.stringify(started));
  await rename(`${path}.new`, path);
}

/** Held all at once, so that they differ. */
async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer());
  await Promise.all(
    servers.map((server) => new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))),
  );
  const ports = servers.map((server) => (server.address() as AddressInfo).port);
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}
