/**
 * Sends requests as fast as they are answered, in a process of its own, whenever it is told to.
 *
 *   node load.mjs '{"url", "method", "path", "headers", "bodyBytes"|"body", "connections", "ids"}'
 *
 * `[id]` in the path and in the body becomes another id with every request: a new one, or one after the other of those in
 * the file `ids`, a JSON array. A line of the input says for how many seconds requests are made, and is answered by `{}` when
 * the last of them is answered; an empty one is answered by `{perSecond, answers, p50Ms, p99Ms}` of all since the last empty
 * one. Per second are all answers, over the time until there was no other: one that takes long is neither lost at the end of
 * a turn nor free. Ends with 1 as soon as a status is not of 2xx, or a connection fails.
 *
 * A request is one text and an answer is looked at for its status and length alone, so that the client is not what is
 * measured: a load generator that does more for a request than the bare server does is busy before that is.
 */
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createHistogram } from 'node:perf_hooks';
import { createInterface } from 'node:readline';

import { LoadConnection } from './load-connection.mjs';

const {
  url,
  method = 'GET',
  path,
  headers = {},
  bodyBytes,
  body,
  connections,
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
let [elapsedMs, beganAt, endAt, busy] = [0, 0, 0, 0];
const all = Array.from(
  { length: connections },
  () => new LoadConnection({ hostname, port }, { nextRequest, onAnswer, onRest, onFailure }),
);

createInterface({ input: process.stdin })
  .on('line', (line) => (line === '' ? tell() : run(Number(line))))
  .on('close', () => process.exit());

function run(forSeconds) {
  beganAt = performance.now();
  endAt = beganAt + forSeconds * 1_000;
  busy = connections;
  for (const connection of all) connection.send();
}

function tell() {
  const atMs = (percent) => micros.percentile(percent) / 1_000;
  const perSecond = (micros.count * 1_000) / elapsedMs;
  say({ perSecond, answers: micros.count, p50Ms: atMs(50), p99Ms: atMs(99) });
  micros.reset();
  elapsedMs = 0;
}

function say(what) {
  process.stdout.write(`${JSON.stringify(what)}\n`);
}

function nextRequest() {
  const id = nextId();
  const start = `${method} ${path.replace('[id]', id)} HTTP/1.1\r\n${fields}`;
  if (body === undefined && bodyBytes === undefined) return `${start}\r\n`;
  const content = body === undefined ? bytes : body.replaceAll('[id]', id);
  return `${start}content-length: ${content.length}\r\n\r\n${content}`;
}

function onAnswer(status, tookMs) {
  if (status < 200 || status > 299) onFailure(`status ${status}`);
  micros.record(Math.max(1, Math.round(tookMs * 1_000)));
  return performance.now() < endAt;
}

function onRest() {
  busy -= 1;
  if (busy > 0) return;
  elapsedMs += performance.now() - beganAt;
  say({});
}

function onFailure(why) {
  process.stderr.write(`${why}\n`, () => process.exit(1));
}
