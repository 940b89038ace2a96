/**
 * A tenant that asks far more than it may, at an even pace, in a process of its own.
 *
 *   node neighbour.mjs '{"url", "path", "token", "perSecond", "connections"}'
 *
 * Goes on until it is told to stop by SIGTERM, then writes one line of JSON: `{answered, refused, failed}`, where refused
 * are answers with 429 and failed is all else that is no success.
 */
import { Agent, request } from 'node:http';

const TICK_MS = 5;

const { url, path, token, perSecond, connections } = JSON.parse(process.argv[2]);
const agent = new Agent({ keepAlive: true, maxSockets: connections });
const headers = { authorization: `Bearer ${token}` };
const counts = { answered: 0, refused: 0, failed: 0 };
const began = performance.now();
let sent = 0;

const timer = setInterval(() => {
  // Whoever is answered late asks no less for that.
  for (const due = ((performance.now() - began) * perSecond) / 1_000; sent < due; sent += 1) ask();
}, TICK_MS);

function ask() {
  request(`${url}${path}`, { headers, agent }, (response) => {
    const { statusCode } = response;
    counts[statusCode === 200 ? 'answered' : statusCode === 429 ? 'refused' : 'failed'] += 1;
    response.resume();
  })
    .once('error', () => (counts.failed += 1))
    .end();
}

process.once('SIGTERM', () => {
  clearInterval(timer);
  process.stdout.write(`${JSON.stringify(counts)}\n`, () => process.exit());
});
