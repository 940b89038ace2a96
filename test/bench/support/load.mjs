/**
 * Sends requests as fast as they are answered, in a process of its own.
 *
 *   node load.mjs '{"url", "method", "path", "headers", "bodyBytes", "connections", "seconds"}'
 *
 * `[id]` in the path becomes another id with every request. Writes one line of JSON: `{perSecond, p50Ms, p99Ms}` of the
 * answers with a status of 2xx, and ends with 1 when there was any other, or a connection failed.
 */
import autocannon from 'autocannon';
import { randomUUID } from 'node:crypto';

const { url, method, path, headers, bodyBytes, connections, seconds } = JSON.parse(process.argv[2]);
const result = await autocannon({
  url,
  connections,
  duration: seconds,
  requests: [
    {
      method,
      headers,
      body: Buffer.alloc(bodyBytes, 'gatehold'),
      setupRequest: (request) => ({ ...request, path: path.replace('[id]', randomUUID()) }),
    },
  ],
});
if (result.non2xx > 0 || result.errors > 0) {
  process.stderr.write(`${result.non2xx} refusals, ${result.errors} errors: ${statuses(result)}\n`);
  process.exitCode = 1;
}
const { p50: p50Ms, p99: p99Ms } = result.latency;
process.stdout.write(`${JSON.stringify({ perSecond: result['2xx'] / result.duration, p50Ms, p99Ms })}\n`);

function statuses({ statusCodeStats }) {
  return JSON.stringify(statusCodeStats);
}
