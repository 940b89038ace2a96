/** A real S3 server of this run's own. */
import {
  CreateBucketCommand,
  DeleteObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
} from '@aws-sdk/client-s3';
import { execFile } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { LeftOut } from '../bench.mjs';
import { freePorts } from './ports.mjs';
import { bareClient } from './s3-client.mjs';

const LAUNCHER = fileURLToPath(new URL('../../support/ceph-rgw.sh', import.meta.url));
const PROGRAMS = ['radosgw', 'radosgw-admin', 'ceph', 'ceph-mon', 'ceph-osd', 'monmaptool'];
const PACKAGES = 'radosgw ceph-osd ceph-mon ceph-common';
// Debian keeps servers where an ordinary user's PATH does not look.
const FOLDERS = [...(process.env.PATH ?? '').split(delimiter).filter((folder) => folder !== ''), '/usr/sbin'];

const run = promisify(execFile);

/** Starts Ceph's S3 server and stops it when the run ends. Leaves the row out where Ceph is not installed. */
export async function startCeph(bench) {
  const missing = PROGRAMS.filter((name) => !FOLDERS.some((folder) => isExecutable(join(folder, name))));
  if (missing.length > 0) throw new LeftOut(`needs ${missing.join(', ')} (Debian: ${PACKAGES})`);
  bench.say('starting Ceph ...');
  const folder = await mkdtemp(join(tmpdir(), 'gatehold-bench-ceph-'));
  const [s3Port, monitorPort] = await freePorts(2);
  const starting = run('bash', [LAUNCHER, 'up', folder, String(s3Port), String(monitorPort)], {
    env: environment(),
  });
  bench.atEnd(() => rm(folder, { recursive: true, force: true, maxRetries: 5 }));
  bench.atEnd(async () => {
    // What is half up would go on coming up.
    await starting.catch(() => undefined);
    await run('bash', [LAUNCHER, 'down', folder]);
  });
  await starting;
  const server = new CephServer(folder, `http://127.0.0.1:${s3Port}`);
  bench.atEnd(() => server.client.destroy());
  return server;
}

/** A running server and the bucket that everything of this run is in. */
class CephServer {
  bucket = 'bench';

  constructor(folder, endpoint) {
    this.folder = folder;
    this.place = { endpoint, region: 'us-east-1', accessKeyId: 'testkey', secretAccessKey: 'testsecret' };
    this.client = bareClient(this.place);
  }

  async createBucket() {
    await this.client.send(new CreateBucketCommand({ Bucket: this.bucket }));
  }

  /** Number of parts that each object of a size was put together from, as its entity tag says. */
  async partsOf(bytes) {
    const parts = [];
    for (const { Key, Size } of await this.#objects()) {
      if (Size !== bytes) continue;
      const { ETag = '' } = await this.client.send(new HeadObjectCommand({ Bucket: this.bucket, Key }));
      parts.push(Number(/-(\d+)"?$/.exec(ETag)?.[1] ?? 1));
    }
    return parts;
  }

  /** Removes all objects, and gives their memory back at once instead of after hours. */
  async clear() {
    for (const { Key } of await this.#objects())
      await this.client.send(new DeleteObjectCommand({ Bucket: this.bucket, Key }));
    const arguments_ = [
      '-c',
      join(this.folder, 'ceph.conf'),
      '-n',
      'client.rgw.a',
      'gc',
      'process',
      '--include-all',
    ];
    await run('radosgw-admin', arguments_, { env: environment() });
  }

  async #objects() {
    const { Contents = [] } = await this.client.send(new ListObjectsV2Command({ Bucket: this.bucket }));
    return Contents;
  }
}

function environment() {
  return { ...process.env, PATH: FOLDERS.join(delimiter) };
}

function isExecutable(path) {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
