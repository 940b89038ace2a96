/**
 * The least that a large file costs on its way to and from a disk: node:http and chunks of 1 MiB, and on the way up a
 * SHA-256 and fsync.
 *
 *   node bare-streams.mjs FOLDER
 *
 * Listens on a free port of the loopback address and says so in one line: `{"port"}`. Takes and gives one file, whatever
 * the path, by PUT (201 with `checksum_sha256`; a new file each time, since an old one that is written anew costs half
 * as much, and then the one before is removed) and GET. Ends with its standard input.
 */
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { open, unlink } from 'node:fs/promises';
import { createServer } from 'node:http';
import { join } from 'node:path';

const CHUNK_BYTES = 2 ** 20;
const pathOf = (number) => join(process.argv[2], `file-${number}`);
let current = 0;

const server = createServer((request, response) => {
  const done = request.method === 'PUT' ? take(request, response) : give(response);
  done.catch((error) => response.destroy(error));
});
server.requestTimeout = 0;
server.listen(0, '127.0.0.1', () =>
  process.stdout.write(`${JSON.stringify({ port: server.address().port })}\n`),
);
process.stdin.resume().once('end', () => process.exit());

async function take(request, response) {
  const hash = createHash('sha256');
  const file = await open(pathOf(current + 1), 'wx');
  let chunks = [];
  let bytes = 0;
  const flush = async () => {
    if (bytes > 0) await file.writev(chunks);
    chunks = [];
    bytes = 0;
  };
  for await (const chunk of request) {
    hash.update(chunk);
    chunks.push(chunk);
    bytes += chunk.length;
    if (bytes >= CHUNK_BYTES) await flush();
  }
  await flush();
  await file.sync();
  await file.close();
  current += 1;
  const answer = JSON.stringify({ checksum_sha256: hash.digest('hex') });
  response.writeHead(201, { 'content-length': answer.length }).end(answer);
  if (current > 1) await unlink(pathOf(current - 1));
}

async function give(response) {
  const file = await open(pathOf(current), 'r');
  const { size } = await file.stat();
  response.writeHead(200, { 'content-length': size });
  for (let at = 0; at < size;) {
    const { buffer, bytesRead } = await file.read(Buffer.allocUnsafe(CHUNK_BYTES), 0, CHUNK_BYTES, at);
    at += bytesRead;
    if (!response.write(buffer.subarray(0, bytesRead))) await once(response, 'drain');
  }
  response.end();
  await file.close();
}
