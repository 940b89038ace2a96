/**
 * The least that small requests cost, each kind by a path of its own:
 *
 *   node bare-requests.mjs FOLDER
 *
 *   GET, POST /issue   Fastify: one SHA-256 of the credential, one HMAC-SHA256, and JSON of the size of a seed call's answer,
 *                      with the header fields that it has
 *   GET, POST /issue-read   the same and one prepared query for one of a million rows
 *   GET /list          Fastify: a hundred rows that PostgreSQL has made one JSON of
 *   GET /file          node:http and one `readFile` of 16 KiB, with the header fields that content has
 *
 * `/file` has a port of its own, since it is to have nothing of Fastify's. Says in one line where it listens: `{"port",
 * "filePort"}`. With BARE_DATABASE_URL it reads that database. Ends with its standard input.
 */
import Fastify from 'fastify';
import { createHash, createHmac, createSecretKey, randomBytes } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { join } from 'node:path';
import pg from 'pg';

const FILES = 512;
const FILE_BYTES = 16 * 1024;
/** What every answer of the gateway says besides. */
const ANSWER_HEADERS = {
  'x-request-id': '01a22c8d-afcf-7f19-a4ae-29f93cb2c934',
  'cache-control': 'no-store',
};
const CONTENT_HEADERS = {
  'x-request-id': ANSWER_HEADERS['x-request-id'],
  'cache-control': 'private, no-cache',
  'accept-ranges': 'bytes',
  'content-disposition': 'attachment; filename=67bbad3e-ae80-420d-bd0d-6850da491632',
  'content-security-policy': "default-src 'none'; sandbox",
  'content-type': 'application/octet-stream',
  'cross-origin-resource-policy': 'same-origin',
  etag: '"eea01d9963ddbbf02086feaf4a3af29233692dff92773fad604beca4ff863759"',
  'last-modified': 'Mon, 30 Nov 2026 13:03:32 GMT',
  'referrer-policy': 'no-referrer',
  'repr-digest': 'sha-256=:7qAdmWPdu/Aghv6vSjrykjNpLf+Sdz+tYEvspP+GN1k=:',
  vary: 'Authorization',
  'x-content-type-options': 'nosniff',
};
const NAME = '67bbad3e-ae80-420d-bd0d-6850da491632';
/** With the signature of 43 characters, as long as a link. */
const LINK = `/l/${'AbCdEfGh'.repeat(10)}abcde`;
const [, , folder] = process.argv;
const key = createSecretKey(randomBytes(32));
const database = process.env.BARE_DATABASE_URL;
const pool = database === undefined ? null : new pg.Pool({ connectionString: database, max: 16 });

for (let number = 0; number < FILES; number += 1)
  await writeFile(join(folder, String(number)), Buffer.alloc(FILE_BYTES, 'gatehold'));

const server = Fastify({ logger: false });
for (const method of ['GET', 'POST']) {
  server.route({ method, url: '/issue', handler: async (request, reply) => issue(request, reply, NAME) });
  server.route({
    method,
    url: '/issue-read',
    handler: async (request, reply) =>
      issue(request, reply, (await read(request.query.id ?? request.body.id)).name),
  });
}
server.get('/list', async (_request, reply) => {
  const { rows } = await pool.query(LIST);
  return reply.type('application/json').send(rows[0].list);
});
await server.listen({ port: 0, host: '127.0.0.1' });

const files = createServer((_request, response) => {
  readFile(join(folder, String(Math.floor(Math.random() * FILES)))).then(
    (bytes) => response.writeHead(200, { 'content-length': bytes.length, ...CONTENT_HEADERS }).end(bytes),
    (error) => response.writeHead(500).end(String(error)),
  );
});
files.listen(0, '127.0.0.1', () =>
  process.stdout.write(
    `${JSON.stringify({ port: server.server.address().port, filePort: files.address().port })}\n`,
  ),
);
process.stdin.resume().once('end', () => process.exit());

/** Answers as the seed call does that is asked in this way, with fields of the size of the gateway's. */
function issue(request, reply, name) {
  reply.headers(ANSWER_HEADERS);
  const credential = createHash('sha256').update(request.headers.authorization).digest('base64url');
  const signature = createHmac('sha256', key).update(`${credential}${request.url}`).digest('base64url');
  const url = `http://127.0.0.1:30000${LINK}${signature}`;
  const expires_at = '2030-01-01T00:00:00.000Z';
  if (request.method === 'POST')
    return {
      source_id: NAME,
      id: NAME,
      success: true,
      content: null,
      content_base64: null,
      presigned_url: url,
      content_type: 'application/octet-stream',
      size_bytes: FILE_BYTES,
      message: 'File fetched successfully',
      error: null,
      expires_at,
    };
  return {
    download_url: url,
    expires_at,
    expires_in: 3600,
    filename: name,
    content_type: 'application/octet-stream',
    size_bytes: FILE_BYTES,
  };
}

async function read(id) {
  const { rows } = await pool.query({ ...READ, values: [id] });
  return rows[0];
}

const READ = {
  name: 'read',
  text: 'SELECT name, content_type, size_bytes FROM bare_sources WHERE source_id = $1',
};
const LIST = {
  name: 'list',
  text: `SELECT json_agg(s) AS list FROM (SELECT * FROM bare_sources ORDER BY created_at DESC, source_id DESC LIMIT 100) s`,
};
