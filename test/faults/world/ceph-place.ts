import {
  CreateBucketCommand,
  GetObjectCommand,
  ListMultipartUploadsCommand,
  ListObjectsV2Command,
  S3Client,
} from '@aws-sdk/client-s3';
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { PROBE_FOLDER } from '#storage';

import { CEPH_PROGRAMS } from '../../support/ceph.js';
import { eventually } from '../../support/eventually.js';
import { findExecutable } from '../../support/executables.js';
import { isRunning } from '../../support/running-processes.js';
import { S3Proxy } from '../wire/s3-proxy.js';
import type { Place } from './place.js';

const run = promisify(execFile);

const LAUNCHER = fileURLToPath(new URL('../../support/ceph-rgw.sh', import.meta.url));
const USER = { accessKeyId: 'testkey', secretAccessKey: 'testsecret' };
const BUCKET = 'faults';
const START_MS = 60_000;

/** Objects in a bucket of a Ceph RADOS gateway of the run's own, which the gateways reach through a proxy. */
export class CephPlace implements Place {
  readonly storage = 'ceph';
  /** The launcher's secret is a word that could stand in any log; the run's own ones are what is looked for. */
  readonly secrets = {};

  private constructor(
    private readonly folder: string,
    private readonly endpoint: string,
    readonly proxy: S3Proxy,
    private readonly client: S3Client,
    readonly version: string,
  ) {}

  /** Why there can be none on this machine; null when there can. */
  static obstacle(): string | null {
    const missing = CEPH_PROGRAMS.filter((name) => findExecutable(name) === null);
    return missing.length === 0 ? null : `${missing.join(', ')} not installed`;
  }

  /** Starts Ceph in a folder (some 12 s) and makes a bucket. */
  static async make(folder: string): Promise<CephPlace> {
    const [s3Port = 0, monitorPort = 0] = await freePorts(2);
    await run('bash', [LAUNCHER, 'up', folder, String(s3Port), String(monitorPort)], { env: environment() });
    const endpoint = `http://127.0.0.1:${s3Port}`;
    const proxy = await S3Proxy.open();
    proxy.leadTo(endpoint);
    const client = new S3Client({
      endpoint,
      region: 'us-east-1',
      credentials: USER,
      forcePathStyle: true,
    });
    await client.send(new CreateBucketCommand({ Bucket: BUCKET }));
    const { stdout } = await run('radosgw', ['--version'], { env: environment() });
    const version = /ceph version (\S+)/.exec(stdout)?.[1] ?? 'unknown';
    return new CephPlace(folder, endpoint, proxy, client, `Ceph RADOS gateway ${version}`);
  }

  get env(): Record<string, string> {
    return {
      GATEHOLD_STORAGE_ADAPTER: 's3',
      GATEHOLD_STORAGE_PROFILE: 'ceph',
      GATEHOLD_STORAGE_ENDPOINT: this.proxy.url,
      GATEHOLD_STORAGE_BUCKET: BUCKET,
      GATEHOLD_STORAGE_ACCESS_KEY_ID: USER.accessKeyId,
      GATEHOLD_STORAGE_SECRET_ACCESS_KEY: USER.secretAccessKey,
      GATEHOLD_STORAGE_DELIVERY: 'redirect',
      AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true',
    };
  }

  async sizes(): Promise<Map<string, number>> {
    const sizes = await this.#everything();
    for (const key of sizes.keys()) if (key.startsWith(PROBE_FOLDER)) sizes.delete(key);
    return sizes;
  }

  async #everything(): Promise<Map<string, number>> {
    const sizes = new Map<string, number>();
    let ContinuationToken: string | undefined;
    do {
      const page = await this.client.send(new ListObjectsV2Command({ Bucket: BUCKET, ContinuationToken }));
      for (const { Key = '', Size = -1 } of page.Contents ?? []) sizes.set(Key, Size);
      ContinuationToken = page.NextContinuationToken;
    } while (ContinuationToken !== undefined);
    return sizes;
  }

  async read(Key: string): Promise<Buffer | null> {
    try {
      const { Body } = await this.client.send(new GetObjectCommand({ Bucket: BUCKET, Key }));
      return Body === undefined ? null : Buffer.from(await Body.transformToByteArray());
    } catch (error) {
      if ((error as Error).name === 'NoSuchKey') return null;
      throw error;
    }
  }

  async leftovers(): Promise<string[]> {
    const { Uploads = [] } = await this.client.send(new ListMultipartUploadsCommand({ Bucket: BUCKET }));
    const probes = [...(await this.#everything()).keys()].filter((key) => key.startsWith(PROBE_FOLDER));
    return [
      ...probes,
      ...Uploads.map(({ Key = '', UploadId = '' }) => `${Key} (multipart upload ${UploadId})`),
    ];
  }

  /** The server alone knows how old a multipart upload is. */
  async age(): Promise<boolean> {
    return false;
  }

  /** Kills the S3 server in the midst of what it is doing. The storage below it goes on. */
  async kill(): Promise<void> {
    const pid = await this.#pid();
    process.kill(pid, 'SIGKILL');
    await eventually('the S3 server is gone', async () => !(await isRunning(pid)));
  }

  /** Starts the S3 server again; resolves when it answers. */
  async restart(): Promise<void> {
    await run('radosgw', ['-c', join(this.folder, 'ceph.conf'), '-n', 'client.rgw.a'], {
      env: environment(),
    });
    const answers = (): Promise<boolean> =>
      fetch(this.endpoint).then(
        ({ status }) => status < 500,
        () => false,
      );
    await eventually('the S3 server answers', answers, START_MS);
  }

  async close(): Promise<void> {
    this.client.destroy();
    await this.proxy.close().catch(() => undefined);
    await run('bash', [LAUNCHER, 'down', this.folder]);
  }

  async #pid(): Promise<number> {
    return Number(await readFile(join(this.folder, 'run', 'client.rgw.a.pid'), 'utf8'));
  }
}

/** Debian keeps servers where an ordinary user's PATH does not look. */
function environment(): NodeJS.ProcessEnv {
  return { ...process.env, PATH: `${process.env['PATH'] ?? ''}:/usr/sbin` };
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
