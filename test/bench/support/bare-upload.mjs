/**
 * The least that a durable upload has to cost: node:http, SHA-256, a temporary file, fsync, rename, fsync of the folder.
 *
 *   node bare-upload.mjs FOLDER
 *
 * Listens on a free port of the loopback address and says so in one line: `{"port"}`. PUT to any path, answers 201 with
 * the SHA-256. Ends with its standard input.
 */
import { createHash, randomUUID } from 'node:crypto';
import { open, rename } from 'node:fs/promises';
import { createServer } from 'node:http';
import { join } from 'node:path';

const [, , folder] = process.argv;

const server = createServer((request, response) => {
  store(request).then(
    (sha256) => {
      const answer = JSON.stringify({ sha256 });
      response
        .writeHead(201, { 'content-type': 'application/json', 'content-length': answer.length })
        .end(answer);
    },
    (error) => response.writeHead(500).end(String(error)),
  );
});
server.listen(0, '127.0.0.1', () =>
  process.stdout.write(`${JSON.stringify({ port: server.address().port })}\n`),
);
process.stdin.resume().once('end', () => process.exit());

async function store(request) {
  const name = randomUUID();
  const hash = createHash('sha256');
  const file = await open(join(folder, `.${name}`), 'wx');
  try {
    for await (const chunk of request) {
      hash.update(chunk);
      await file.write(chunk);
    }
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(join(folder, `.${name}`), join(folder, name));
  const parent = await open(folder, 'r');
  try {
    await parent.sync();
  } finally {
    await parent.close();
  }
  return hash.digest('hex');
}
