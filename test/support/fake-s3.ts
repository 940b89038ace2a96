import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';

/** One request as it came, its body read to the end. */
export interface FakeRequest {
  readonly operation: string;
  readonly url: URL;
  readonly headers: IncomingMessage['headers'];
  readonly body: Buffer;
}

/** What is done with one request; it may leave it unanswered. */
export type FakeAnswer = (response: ServerResponse, request: FakeRequest) => void;

/** In everything that this server says of itself; it must never come out of the gateway. */
export const CANARY = 'canary-of-the-server';

/**
 * An S3 server that does what its script says, and nothing that a real one is needed for: for faults only. Every
 * operation has answers of its own, one per request, the last one for all that follow.
 */
export class FakeS3 {
  readonly requests: FakeRequest[] = [];
  readonly #scripts = new Map<string, FakeAnswer[]>([['HeadBucket', [answer(200)]]]);
  readonly #sockets = new Set<Socket>();

  private constructor(private readonly server: Server) {
    server.on('connection', (socket) => {
      this.#sockets.add(socket);
      socket.once('close', () => {
        this.#sockets.delete(socket);
        server.emit('socket-closed');
      });
      socket.on('error', () => undefined);
    });
    server.on('request', (request: IncomingMessage, response: ServerResponse) => {
      void this.#play(request, response);
    });
  }

  static async open(): Promise<FakeS3> {
    const server = createServer({ requestTimeout: 0, headersTimeout: 0 }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new FakeS3(server);
  }

  get endpoint(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  /** Replaces what an operation (its name in the S3 API) is answered with. */
  script(operation: string, ...answers: FakeAnswer[]): void {
    this.#scripts.set(operation, answers);
  }

  /** The requests of one operation. */
  of(operation: string): FakeRequest[] {
    return this.requests.filter((request) => request.operation === operation);
  }

  /** Waits for the next request of an operation, or for one that came already. */
  async seen(operation: string): Promise<void> {
    while (this.of(operation).length === 0) await once(this.server, 'played');
  }

  /**
   * Waits until every connection has been closed by the other side, which `release` is to bring about. Repeated, since
   * what is cleaned up after a failure may be on its way still.
   */
  async allClosed(release: () => Promise<void>): Promise<void> {
    while (this.#sockets.size > 0) {
      await release();
      await Promise.race([once(this.server, 'socket-closed'), wait(50)]);
    }
  }

  async close(): Promise<void> {
    this.server.close();
    this.server.closeAllConnections();
    for (const socket of this.#sockets) socket.destroy();
    await once(this.server, 'close');
  }

  async #play(request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      const chunks: Buffer[] = [];
      for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
      const url = new URL(request.url ?? '/', this.endpoint);
      const operation = operationOf(request, url);
      this.requests.push({ operation, url, headers: request.headers, body: Buffer.concat(chunks) });
      const answers = this.#scripts.get(operation) ?? [errorAnswer(501, 'NotScripted')];
      const next = answers.length > 1 ? answers.shift() : answers[0];
      next?.(response, this.requests.at(-1) as FakeRequest);
      this.server.emit('played');
    } catch {
      // The client went away in the middle of its request.
      response.destroy();
    }
  }
}

function operationOf({ method = '', headers }: IncomingMessage, { pathname, searchParams }: URL): string {
  const isBucket = pathname.split('/').filter(Boolean).length === 1;
  if (isBucket)
    return method === 'HEAD' ? 'HeadBucket' : `${method} bucket`.replace('GET bucket', 'ListObjectsV2');
  const upload = searchParams.has('uploadId');
  switch (method) {
    case 'PUT':
      if (headers['x-amz-copy-source'] !== undefined) return upload ? 'UploadPartCopy' : 'CopyObject';
      return upload ? 'UploadPart' : 'PutObject';
    case 'POST':
      return upload ? 'CompleteMultipartUpload' : 'CreateMultipartUpload';
    case 'DELETE':
      return upload ? 'AbortMultipartUpload' : 'DeleteObject';
    default:
      return method === 'HEAD' ? 'HeadObject' : 'GetObject';
  }
}

/** A whole answer. */
export function answer(
  status: number,
  body: string | Buffer = '',
  headers: Record<string, string> = {},
): FakeAnswer {
  const length = Buffer.byteLength(body);
  const usual = { etag: '"e"', 'last-modified': new Date(0).toUTCString() };
  return (response) => {
    const counted = length === 0 ? {} : { 'content-length': String(length) };
    response.writeHead(status, { ...usual, ...counted, ...headers }).end(body);
  };
}

/** The document of an error; it names everything that a careless gateway would show. */
export function errorXml(code: string): string {
  const words = `<Message>${CANARY}</Message><AWSAccessKeyId>${CANARY}</AWSAccessKeyId><BucketName>${CANARY}</BucketName>`;
  return `<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>${code}</Code>${words}<HostId>${CANARY}</HostId></Error>`;
}

export function errorAnswer(status: number, code: string, headers: Record<string, string> = {}): FakeAnswer {
  return answer(status, errorXml(code), { 'content-type': 'application/xml', ...headers });
}

/** Says nothing and keeps the connection. */
export const silence: FakeAnswer = () => undefined;

/** Cuts the connection without an answer. */
export const reset: FakeAnswer = (response) => void response.socket?.resetAndDestroy();

/** Announces so many bytes, sends `sent`, and then nothing more. */
export function stalledBody(declared: number, sent: Buffer): FakeAnswer {
  return (response) => {
    response.writeHead(200, { 'content-length': String(declared), etag: '"e"' });
    response.write(sent);
  };
}

/** Announces so many bytes, sends `sent`, and cuts the connection. */
export function shortBody(declared: number, sent: Buffer): FakeAnswer {
  return (response) => {
    response.writeHead(200, { 'content-length': String(declared), etag: '"e"' });
    response.write(sent, () => void response.socket?.end());
  };
}
