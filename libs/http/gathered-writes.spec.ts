import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { once } from 'node:events';
import { createServer, type RequestListener, type Server, type ServerResponse } from 'node:http';
import { connect, type AddressInfo, type Socket } from 'node:net';
import { setImmediate as nextTurn } from 'node:timers/promises';

import { gatherWrites } from './gathered-writes.js';

/** The system's side of a connection. */
type Handle = Record<
  'writev' | 'writeBuffer' | 'writeUtf8String' | 'writeLatin1String',
  (...given: unknown[]) => unknown
>;

let server: Server;
let answer: RequestListener;
let clients: Socket[];

beforeEach(async () => {
  answer = (_request, response) => response.end('an answer');
  server = createServer((request, response) => answer(request, response));
  gatherWrites({ server });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  clients = [];
});

afterEach(async () => {
  for (const client of clients) client.destroy();
  server.close();
  await once(server, 'close');
});

async function client(): Promise<Socket> {
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
  clients.push(socket);
  await once(socket, 'connect');
  return socket;
}

function ask(socket: Socket, path = '/', fields = ''): void {
  socket.write(`GET ${path} HTTP/1.1\r\nHost: gateway\r\n${fields}\r\n`);
}

/** What comes until the other side has no more to say. */
async function wholeOf(socket: Socket): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of socket) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('latin1');
}

describe('answers of one turn of the event loop', () => {
  it('are held back to its end, and written then', async () => {
    const held: number[] = [];
    const written = new Promise<number>((resolve) => {
      answer = (_request, response) => {
        const { socket } = response as ServerResponse & { socket: Socket };
        response.end('an answer');
        held.push(socket.bytesWritten - socket.writableLength);
        void nextTurn().then(() => {
          resolve(socket.writableLength);
        });
      };
    });
    const socket = await client();
    ask(socket, '/', 'Connection: close\r\n');
    await expect(wholeOf(socket)).resolves.toMatch(/an answer$/);
    expect(held).toEqual([0]);
    await expect(written).resolves.toBe(0);
  });

  it('are all written, on however many connections they are', async () => {
    const sockets = await Promise.all(Array.from({ length: 150 }, () => client()));
    const ready: ServerResponse[] = [];
    const all = new Promise<void>((resolve) => {
      answer = (_request, response) => {
        if (ready.push(response) === sockets.length) resolve();
      };
    });
    for (const socket of sockets) ask(socket, '/', 'Connection: close\r\n');
    await all;
    for (const [index, response] of ready.entries()) response.end(`answer ${index}`);
    const answers = await Promise.all(sockets.map((socket) => wholeOf(socket)));
    expect(new Set(answers.map((text) => text.slice(text.lastIndexOf('answer')))).size).toBe(150);
  });

  it('follow each other on a connection in the order of their requests', async () => {
    answer = (request, response) => response.end(`[${request.url ?? ''}]`);
    const socket = await client();
    ask(socket, '/1');
    ask(socket, '/2');
    ask(socket, '/3', 'Connection: close\r\n');
    await expect(wholeOf(socket)).resolves.toMatch(/\[\/1\].*\[\/2\].*\[\/3\]/s);
  });
});

describe('an answer of one piece', () => {
  /** How a connection's pieces are handed on, one entry for each time. */
  async function handedOn(body: string | Buffer): Promise<[text: string, calls: string[]]> {
    const calls: string[] = [];
    answer = (_request, response) => {
      const { socket } = response as unknown as { socket: { _handle: Handle } };
      const { _handle: handle } = socket;
      for (const name of ['writev', 'writeBuffer', 'writeUtf8String', 'writeLatin1String'] as const) {
        const write = handle[name].bind(handle);
        handle[name] = (...given) => {
          calls.push(name);
          return write(...given);
        };
      }
      response.end(body);
    };
    const socket = await client();
    ask(socket, '/', 'Connection: close\r\n');
    return [await wholeOf(socket), calls];
  }

  it.each(['an answer', 'Öä€𝄞'])('is written as one, whatever letters it has: %s', async (body) => {
    const [text, calls] = await handedOn(body);
    expect(calls).toEqual(['writeUtf8String']);
    expect(Buffer.from(text, 'latin1').toString('utf8').split('\r\n\r\n')[1]).toBe(body);
  });

  it('of bytes is written with its headers', async () => {
    const [text, calls] = await handedOn(Buffer.from('bytes'));
    expect(calls).toEqual(['writev']);
    expect(text).toMatch(/\r\n\r\nbytes$/);
  });
});

describe('a body that is streamed', () => {
  it('is not held back', async () => {
    const lengths: number[] = [];
    answer = (_request, response) => {
      const { socket } = response as ServerResponse & { socket: Socket };
      response.write(Buffer.alloc(100_000, 'x'));
      process.nextTick(() => {
        lengths.push(socket.writableCorked);
        response.end();
      });
    };
    const socket = await client();
    ask(socket, '/', 'Connection: close\r\n');
    expect((await wholeOf(socket)).length).toBeGreaterThan(100_000);
    expect(lengths).toEqual([0]);
  });

  it('comes whole, in pieces of any size', async () => {
    answer = (_request, response) => {
      for (let size = 1; size <= 200_000; size *= 3) response.write('y'.repeat(size));
      response.end('z');
    };
    const socket = await client();
    ask(socket, '/', 'Connection: close\r\n');
    const text = (await wholeOf(socket)).replace(/^.*?\r\n\r\n/s, '');
    expect(text.match(/y/g)?.length).toBe(265_720);
    expect(text).toContain('z');
  });
});

describe('a client that goes away before its answer is written', () => {
  it('does not keep the others from theirs', async () => {
    const gone = await client();
    const closed = new Promise<void>((resolve) => {
      server.on('request', (request) => request.url === '/gone' && request.socket.once('close', resolve));
    });
    answer = (request, response) => {
      response.end('an answer');
      if (request.url === '/gone') request.socket.destroy();
    };
    ask(gone, '/gone');
    const other = await client();
    ask(other, '/', 'Connection: close\r\n');
    await expect(wholeOf(other)).resolves.toMatch(/an answer$/);
    await closed;
  });
});
