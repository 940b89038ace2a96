import type { ByteRange, ObjectKey, ObjectStorage } from '#storage';
import { once } from 'node:events';
import { createServer, get, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';

/** Asks for an object over HTTP; answers once the header is there, with a body that nobody reads yet. */
export type Ask = (key: ObjectKey) => Promise<IncomingMessage>;

/** How objects are read, by key. */
export type Wishes = Readonly<Record<string, { range?: ByteRange | undefined; signal?: AbortSignal }>>;

/** Runs `work` beside a server that answers with objects as the gateway does; it is gone afterwards. */
export async function answering(
  storage: ObjectStorage,
  wishes: Wishes,
  work: (ask: Ask, answers: readonly ServerResponse[]) => Promise<void>,
): Promise<void> {
  const answers: ServerResponse[] = [];
  const server = createServer((request, response) => {
    answers.push(response);
    const key = (request.url ?? '').slice(1) as ObjectKey;
    void answerWith(storage, key, wishes[key], response);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const ask: Ask = async (key) => {
    const asked = get({ host: '127.0.0.1', port, path: `/${key}`, agent: false });
    const [answer] = (await once(asked, 'response')) as [IncomingMessage];
    return answer;
  };
  try {
    await work(ask, answers);
  } finally {
    server.close();
    server.closeAllConnections();
    await once(server, 'close');
  }
}

/** As Fastify has it: whichever of body and answer ends early takes the other along. */
async function answerWith(
  storage: ObjectStorage,
  key: ObjectKey,
  wish: Wishes[string] | undefined,
  response: ServerResponse,
): Promise<void> {
  const body = await storage.get(key, wish).catch(() => null);
  if (body === null) {
    response.destroy();
    return;
  }
  response.writeHead(200, { 'content-length': body.lengthBytes });
  const stream = body.stream();
  stream.once('error', () => response.destroy());
  response.once('close', () => stream.destroy());
  stream.pipe(response);
}

/** The bytes of an answer; rejects when it is cut. */
export async function readAll(answer: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of answer as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/** The same by a reader who stops again and again. */
export async function readHaltingly(answer: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of answer as AsyncIterable<Buffer>) {
    if (chunks.length % 16 === 0) await wait(1);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
