/**
 * Sends and fetches large contents from a process of its own, so that a test can look at the gateway's memory and not
 * at jest's. The bytes are made on the way from a counter and cost nothing to make.
 *
 *   node bulk-client.mjs put|form|get URL TOKEN BYTES
 *
 * Writes one line of JSON: the status and the SHA-256 of what was sent or received.
 */
import { createHash } from 'node:crypto';
import { request } from 'node:http';
import { Readable } from 'node:stream';

const CHUNK = 1024 * 1024;
const BOUNDARY = 'gatehold-bulk-boundary';
const [mode, url, token, size] = process.argv.slice(2);
const hash = createHash('sha256');

const answer = await (mode === 'get' ? fetchAll() : send());
process.stdout.write(`${JSON.stringify({ ...answer, sha256: hash.digest('hex') })}\n`);

/** Chunks that differ from each other, so that a swapped, lost or doubled one changes the digest. */
function* content(bytes) {
  const block = Buffer.alloc(CHUNK, 'deterministic bytes of a bulk transfer;');
  for (let done = 0, number = 0; done < bytes; number += 1) {
    const chunk = Buffer.from(block.subarray(0, Math.min(CHUNK, bytes - done)));
    if (chunk.length >= 4) chunk.writeUInt32LE(number);
    hash.update(chunk);
    done += chunk.length;
    yield chunk;
  }
}

function* form(bytes) {
  yield Buffer.from(
    `--${BOUNDARY}\r\nContent-Disposition: form-data; name="source_id"\r\n\r\nbulk-form\r\n` +
      `--${BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="bulk.bin"\r\n` +
      'Content-Type: application/octet-stream\r\n\r\n',
  );
  yield* content(bytes);
  yield Buffer.from(`\r\n--${BOUNDARY}--\r\n`);
}

function send() {
  const headers =
    mode === 'form'
      ? { 'content-type': `multipart/form-data; boundary=${BOUNDARY}` }
      : { 'content-type': 'application/octet-stream', 'content-length': size };
  const body = mode === 'form' ? form(Number(size)) : content(Number(size));
  return new Promise((resolve, reject) => {
    const outgoing = request(url, {
      method: mode === 'form' ? 'POST' : 'PUT',
      headers: { ...headers, authorization: `Bearer ${token}` },
      agent: false,
    });
    outgoing.on('error', reject);
    outgoing.on('response', async (response) => {
      let text = '';
      for await (const chunk of response) text += chunk;
      resolve({ status: response.statusCode, text });
    });
    Readable.from(body).pipe(outgoing);
  });
}

function fetchAll() {
  return new Promise((resolve, reject) => {
    const outgoing = request(url, { headers: { authorization: `Bearer ${token}` }, agent: false });
    outgoing.on('error', reject);
    outgoing.on('response', async (response) => {
      try {
        for await (const chunk of response) hash.update(chunk);
        resolve({ status: response.statusCode, text: '' });
      } catch (error) {
        reject(error);
      }
    });
    outgoing.end();
  });
}
