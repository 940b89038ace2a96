/**
 * Sends requests as fast as they are answered, in a process of its own.
 *
 *   node load.mjs '{"url", "method", "path", "headers", "bodyBytes"|"body", "connections", "seconds", "ids"}'
 *
 * `[id]` in the path and in the body becomes another id with every request: a new one, or one after the other of those in
 * the file `ids`, a JSON array. Writes one line of JSON: `{perSecond, answers, p50Ms, p99Ms}` of the
 * answers with a status of 2xx, and ends with 1 when there was any other, or a connection failed.
 */
import autocannon from 'autocannon';
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';

const { url, method, path, headers, bodyBytes, body, connections, seconds, ids } = JSON.parse(
  process.argv[2],
);
const given = ids === undefined ? null : JSON.parse(readFileSync(ids, 'utf8'));
let turn = 0;
const nextId = () => (given === null ? randomUUID() : given[turn++ % given.length]);
const content = bodyBytes === undefined ? body : Buffer.alloc(bodyBytes, 'gatehold');

const result = await autocannon({
  url,
  connections,
  duration: seconds,
  requests: [{ method, headers, body: content, setupRequest: withId }],
});
if (result.non2xx > 0 || result.errors > 0) {
  process.stderr.write(`${result.non2xx} refusals, ${result.errors} errors: ${statuses(result)}\n`);
  process.exitCode = 1;
}
const { '2xx': answers } = result;
const { p50: p50Ms, p99: p99Ms } = result.latency;
process.stdout.write(`${JSON.stringify({ perSecond: answers / result.duration, answers, p50Ms, p99Ms })}\n`);

function statuses({ statusCodeStats }) {
  return JSON.stringify(statusCodeStats);
}

function withId(request) {
  const id = nextId();
  const named = typeof body === 'string' ? { body: body.replaceAll('[id]', id) } : {};
  return { ...request, path: path.replace('[id]', id), ...named };
}
