/** What the S3 rows work on: Ceph, gateways with a tenant on it, and transfers through them and past them. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

import { startCeph } from './ceph.mjs';
import { startGateway } from './gateway.mjs';

const CLIENT = fileURLToPath(new URL('./transfer-client.mjs', import.meta.url));

/** The server, with the bucket made. */
export async function cephStage(bench) {
  const ceph = await startCeph(bench);
  await ceph.createBucket();
  return ceph;
}

/** A gateway that nothing has gone through yet, with one tenant whose objects are in the bucket. */
export async function startBoundGateway(bench) {
  const ceph = await bench.shared(cephStage);
  // An endpoint on loopback is refused unless the operator names it.
  const gateway = await startGateway(bench, { GATEHOLD_ALLOWED_ENDPOINTS: '127.0.0.1' });
  const { tenantId, token } = await gateway.makeTenant();
  const { endpoint, region, accessKeyId, secretAccessKey } = ceph.place;
  await gateway.call('PUT', `/v1/tenants/${tenantId}/storage-binding`, {
    adapter: 's3',
    profile: 'ceph',
    endpoint,
    region,
    bucket: ceph.bucket,
    credentials: { access_key_id: accessKeyId, secret_access_key: secretAccessKey },
    delivery: 'proxy',
  });
  return { gateway, token };
}

/** Sends or fetches `bytes` under each of `ids` at once, through the gateway; answers the seconds. */
export function throughGateway({ gateway, token }, way, { bytes, ids, verify = false }) {
  return transfer({ by: 'gateway', way, bytes, ids, verify, url: gateway.url, token });
}

/** The same for one object, by the SDK straight to Ceph. */
export function pastGateway({ place, bucket }, way, { bytes, key }) {
  return transfer({ by: 'sdk', way, bytes, key, place, bucket });
}

async function transfer(job) {
  const client = spawn(process.execPath, [CLIENT, JSON.stringify(job)], {
    env: { PATH: process.env.PATH, NODE_NO_WARNINGS: '1' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  let complaint = '';
  client.stdout.on('data', (chunk) => (output += chunk));
  client.stderr.on('data', (chunk) => (complaint += chunk));
  const [code] = await once(client, 'close');
  if (code !== 0) throw new Error(`A transfer (${job.by}, ${job.way}) failed: ${complaint}`);
  return JSON.parse(output).seconds;
}
