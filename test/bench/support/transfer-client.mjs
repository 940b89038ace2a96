/**
 * Moves bytes in a process of its own, so that neither side of a comparison shares a thread with anything else.
 *
 *   node transfer-client.mjs '{"by": "sdk"|"gateway", "way": "up"|"down", "bytes": N, ...}'
 *
 * by sdk      also `place` (see s3-client.mjs), `bucket`, `key`
 * by gateway  also `url`, `token`, `ids`: one stream for each id, all at once, each of `bytes`
 * verify      true: what comes down is hashed and compared
 *
 * Writes one line of JSON: `{seconds}`, from the first request to the end of the last answer. Ends with 1, saying why,
 * when a transfer was refused, or came out longer, shorter or different.
 */
import {
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  GetObjectCommand,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { Agent, request } from 'node:http';
import { Readable } from 'node:stream';
import { finished, pipeline } from 'node:stream/promises';

import { contentBlocks, contentPart, contentSha256 } from './content.mjs';
import { bareClient } from './s3-client.mjs';

/** As the gateway's adapter cuts uploads; the row looks at what came of it. */
const PART_BYTES = 5 * 2 ** 20;
const PARALLEL_PARTS = 4;

const job = JSON.parse(process.argv[2]);
const expected = job.by === 'gateway' && (job.way === 'up' || job.verify) ? contentSha256(job.bytes) : null;
const seconds = await (job.by === 'sdk' ? bySdk() : byGateway());
process.stdout.write(`${JSON.stringify({ seconds })}\n`);

async function bySdk() {
  const client = bareClient(job.place);
  try {
    return await timed(() => (job.way === 'up' ? putParts(client) : getObject(client)));
  } finally {
    client.destroy();
  }
}

async function byGateway() {
  const agent = new Agent({ keepAlive: true });
  try {
    return await timed(() =>
      Promise.all(job.ids.map((id) => (job.way === 'up' ? put(id, agent) : get(id, agent)))),
    );
  } finally {
    agent.destroy();
  }
}

async function timed(work) {
  const began = performance.now();
  await work();
  return (performance.now() - began) / 1_000;
}

async function putParts(client) {
  const object = { Bucket: job.bucket, Key: job.key };
  const { UploadId } = await client.send(new CreateMultipartUploadCommand(object));
  const Parts = [];
  let next = 0;
  const sendParts = async () => {
    for (let from = next; from < job.bytes; from = next) {
      next += PART_BYTES;
      const PartNumber = from / PART_BYTES + 1;
      const Body = contentPart(from, Math.min(from + PART_BYTES, job.bytes));
      const { ETag } = await client.send(new UploadPartCommand({ ...object, UploadId, PartNumber, Body }));
      Parts[PartNumber - 1] = { PartNumber, ETag };
    }
  };
  await Promise.all(Array.from({ length: PARALLEL_PARTS }, sendParts));
  await client.send(new CompleteMultipartUploadCommand({ ...object, UploadId, MultipartUpload: { Parts } }));
}

async function getObject(client) {
  const { Body } = await client.send(new GetObjectCommand({ Bucket: job.bucket, Key: job.key }));
  await sink(Body);
}

async function put(id, agent) {
  const headers = { 'content-type': 'application/octet-stream', 'content-length': job.bytes };
  const outgoing = ask('PUT', id, headers, agent);
  const answered = once(outgoing, 'response');
  // A refusal comes before the body has gone; it says more than the broken pipe does.
  const sent = pipeline(Readable.from(contentBlocks(job.bytes)), outgoing).catch((error) => error);
  const [response] = await answered;
  const text = await textOf(response);
  if (response.statusCode !== 201 && response.statusCode !== 200)
    throw new Error(`${response.statusCode}: ${text}`);
  if (JSON.parse(text).checksum_sha256 !== expected)
    throw new Error('The gateway took other bytes than were sent.');
  const failure = await sent;
  if (failure instanceof Error) throw failure;
}

async function get(id, agent) {
  const outgoing = ask('GET', id, {}, agent);
  outgoing.end();
  const [response] = await once(outgoing, 'response');
  if (response.statusCode !== 200) throw new Error(`${response.statusCode}: ${await textOf(response)}`);
  await sink(response);
}

function ask(method, id, headers, agent) {
  const authorization = `Bearer ${job.token}`;
  return request(`${job.url}/v1/sources/${id}/content`, {
    method,
    headers: { ...headers, authorization },
    agent,
  });
}

async function textOf(response) {
  let text = '';
  for await (const chunk of response) text += chunk;
  return text;
}

/** Reads to the end, and looks at how much it was; at what it was where that is asked for. */
async function sink(stream) {
  const hash = job.verify ? createHash('sha256') : null;
  let bytes = 0;
  stream.on('data', (chunk) => {
    bytes += chunk.length;
    hash?.update(chunk);
  });
  await finished(stream);
  if (bytes !== job.bytes) throw new Error(`${bytes} bytes came instead of ${job.bytes}.`);
  if (expected !== null && hash.digest('hex') !== expected)
    throw new Error('Other bytes came than were sent.');
}
