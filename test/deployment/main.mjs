/**
 * Starts the second deployment as `npm start` starts the first one. Beside it, for suites that look past the gateway, the
 * objects are shown at a socket beside the data folder: `GET /PREFIX` lists names and sizes, `GET`, `PUT` and `DELETE` of a
 * whole key read, replace and remove an object.
 */
import { createServer } from 'node:http';
import { Readable } from 'node:stream';
import '../../scripts/typescript.mjs';

const { memory, second } = await import('./second.ts');

const calls = {
  GET: async (key) =>
    key.includes('/') ? (await memory.get(key)).bytes() : JSON.stringify((await memory.list(key)).objects),
  DELETE: async (key) => (await memory.remove(key), ''),
  PUT: async (key, bytes) => {
    await memory.remove(key);
    await memory.put(key, Readable.from(bytes));
    return '';
  },
};

createServer(async (request, answer) => {
  const bytes = await request.toArray();
  answer.end(await calls[request.method](request.url.slice(1), bytes));
})
  .listen(`${process.env.GATEHOLD_DATA_DIR}.sock`)
  .unref();
await second.run();
