/**
 * What a tenant notices of another one that asks for 20 times as much as it may: the 95th percentile of its answers while
 * nobody else is there, and while the neighbour is at it. Both ask the same gateway for the same thing, each over
 * connections of its own; the neighbour is a process of its own.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { Agent, request } from 'node:http';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

import { startGateway } from '../support/gateway.mjs';
import { inPairs } from '../support/rounds.mjs';

const NEIGHBOUR = fileURLToPath(new URL('../support/neighbour.mjs', import.meta.url));
const LIMIT = { per_second: 50, burst: 50 };
const TIMES = 20;
const SAMPLES = 250;
const EVERY_MS = 20;

export const rows = [
  {
    name: 'noisy-neighbour',
    unit: 'ms (p95)',
    // At most three times as long.
    target: 0.334,
    floorName: `the same, beside a tenant at ${TIMES} times its limit`,
    about: [
      "the 95th percentile of a tenant's answers (`GET /v1/sources/{source_id}`) with nobody else there",
      `the same beside a tenant that asks for ${TIMES} times its limit`,
    ],
    measure,
  },
];

async function measure(bench) {
  const gateway = await startGateway(bench);
  const [quiet, noisy] = [await makeReader(gateway), await makeReader(gateway)];
  await gateway.call('PATCH', `/v1/tenants/${noisy.tenantId}`, { limits: { read: LIMIT } });
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  bench.atEnd(() => agent.destroy());
  const onRound = (round, { value, floor }) =>
    bench.say(`round ${round}: ${value.toFixed(2)} ms alone, ${floor.toFixed(2)} ms beside the neighbour`);
  return inPairs(
    { value: () => p95(quiet, agent), floor: () => beside(bench, noisy, () => p95(quiet, agent)) },
    { onRound },
  );
}

/** A tenant with one source, and the request for it. */
async function makeReader(gateway) {
  const { tenantId, token } = await gateway.makeTenant();
  const path = '/v1/sources/read-again';
  const headers = { authorization: `Bearer ${token}` };
  const put = await fetch(`${gateway.url}${path}/content`, { method: 'PUT', headers, body: 'bytes' });
  if (!put.ok) throw new Error(`PUT ${path}/content: ${put.status}`);
  return { url: gateway.url, path, tenantId, token, headers };
}

/** Runs `work` while the neighbour asks. It must have been refused, and nothing worse. */
async function beside(bench, { url, path, token }, work) {
  const options = { url, path, token, perSecond: LIMIT.per_second * TIMES, connections: 32 };
  const child = spawn(process.execPath, [NEIGHBOUR, JSON.stringify(options)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const exited = once(child, 'exit');
  bench.atEnd(() => child.kill('SIGKILL'));
  let output = '';
  child.stdout.on('data', (chunk) => (output += chunk));
  // Until what it may ask at once is used up.
  await wait(1_500);
  const figure = await work();
  child.kill('SIGTERM');
  await exited;
  const { answered, refused, failed } = JSON.parse(output);
  if (failed > 0 || refused < answered)
    throw new Error(`The neighbour was answered ${answered} times, refused ${refused}, failed ${failed}.`);
  return figure;
}

/** Asks at an even pace, whether or not the answer before has come; any refusal is an error. */
async function p95(reader, agent) {
  const times = [];
  const asked = [];
  const began = performance.now();
  for (let sample = 0; sample < SAMPLES; sample += 1) {
    await wait(Math.max(0, began + sample * EVERY_MS - performance.now()));
    asked.push(ask(reader, agent).then((ms) => times.push(ms)));
  }
  await Promise.all(asked);
  return times.toSorted((one, other) => one - other)[Math.floor(times.length * 0.95)];
}

function ask({ url, path, headers }, agent) {
  const began = performance.now();
  return new Promise((resolve, reject) => {
    request(`${url}${path}`, { headers, agent }, (response) => {
      if (response.statusCode !== 200) reject(new Error(`The quiet tenant got ${response.statusCode}.`));
      response.resume().once('end', () => resolve(performance.now() - began));
    })
      .once('error', reject)
      .end();
  });
}
