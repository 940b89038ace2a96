/**
 * Sends requests as fast as they are answered, in a process of its own.
 *
 *   node load.mjs '{"url", "method", "path", "headers", "bodyBytes"|"body", "connections", "seconds", "ids"}'
 *
 * `[id]` in the path and in the body becomes another id with every request: a new one, or one after the other of those in
 * the file `ids`, a JSON array. Writes one line of JSON: `{perSecond, answers, p50Ms, p99Ms}` of the answers with a status
 * of 2xx, and ends with 1 when there was any other, or a connection failed.
 *
 * A request is one text and an answer is looked at for its status and length alone, so that the client is not what is
 * measured: a load generator that does more for a request than the bare server does is busy before that is.
 */
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createHistogram } from 'node:perf_hooks';

import { LoadConnection } from './load-connection.mjs';

const {
  url,
  method = 'GET',
  path,
  headers = {},
  bodyBytes,
  body,
  connections,
  seconds,
  ids,
} = JSON.parse(process.argv[2]);
const { hostname, port } = new URL(url);
const given = ids === undefined ? null : JSON.parse(readFileSync(ids, 'utf8'));
let turn = 0;
const nextId = () => (given === null ? randomUUID() : given[turn++ % given.length]);
const fields = Object.entries({ host: `${hostname}:${port}`, ...headers })
  .map(([name, value]) => `${name}: ${value}\r\n`)
  .join('');
const bytes = 'gatehold'.repeat(Math.ceil((bodyBytes ?? 0) / 8)).slice(0, bodyBytes);

const micros = createHistogram();
const failures = new Map();
const fail = (why) => failures.set(why, (failures.get(why) ?? 0) + 1);
const endAt = performance.now() + seconds * 1_000;
for (let index = 0; index < connections; index += 1)
  new LoadConnection({ hostname, port }, { nextRequest, onAnswer, onFailure: fail });

process.on('exit', () => {
  const answers = micros.count;
  const atMs = (percent) => micros.percentile(percent) / 1_000;
  process.stdout.write(
    `${JSON.stringify({ perSecond: answers / seconds, answers, p50Ms: atMs(50), p99Ms: atMs(99) })}\n`,
  );
  if (failures.size === 0) return;
  process.stderr.write(`${JSON.stringify(Object.fromEntries(failures))}\n`);
  process.exitCode = 1;
});

function nextRequest() {
  const id = nextId();
  const start = `${method} ${path.replace('[id]', id)} HTTP/1.1\r\n${fields}`;
  if (body === undefined && bodyBytes === undefined) return `${start}\r\n`;
  const content = body === undefined ? bytes : body.replaceAll('[id]', id);
  return `${start}content-length: ${content.length}\r\n\r\n${content}`;
}

function onAnswer(status, tookMs) {
  if (status >= 200 && status < 300) micros.record(Math.max(1, Math.round(tookMs * 1_000)));
  else fail(`status ${status}`);
  return performance.now() < endAt;
}
