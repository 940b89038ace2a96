/** Transfers by clients in processes of their own. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

const CLIENT = fileURLToPath(new URL('./transfer-client.mjs', import.meta.url));

/** Sends or fetches `bytes` under each of `ids` at once, through a gateway; answers the seconds. */
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
