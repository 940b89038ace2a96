import { once } from 'node:events';
import { request } from 'node:http';
import { connect, type Socket } from 'node:net';
import { Readable } from 'node:stream';

import type { Json } from './api.js';

/** What {@link ask} sends; the path goes out as it is, not normalised as `fetch` would. */
export interface Question {
  readonly method?: string;
  readonly path: string;
  readonly token?: string | null;
  /** Several values are several header lines. */
  readonly headers?: Readonly<Record<string, string | readonly string[]>>;
  /** A buffer is sent with its length, an iterable is sent chunked. */
  readonly body?: Buffer | string | Iterable<Buffer> | AsyncIterable<Buffer>;
}

/** An answer with its headers exactly as they came. */
export interface Reply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | undefined>>;
  /** Header lines in lower case, so that a header sent twice shows. */
  readonly names: readonly string[];
  readonly bytes: Buffer;
  readonly text: string;
  readonly json: Json;
}

/** One request on a connection of its own. Rejects when the connection breaks before the answer is complete. */
export async function ask(url: string, question: Question): Promise<Reply> {
  const { hostname, port } = new URL(url);
  const { method = 'GET', path, token = null, headers = {}, body } = question;
  const outgoing = request({
    hostname,
    port,
    method,
    path,
    agent: false,
    headers: { ...(token === null ? {} : { authorization: `Bearer ${token}` }), ...headers } as Record<
      string,
      string | string[]
    >,
  });
  const answered = once(outgoing, 'response') as Promise<
    [Readable & { statusCode: number; rawHeaders: string[] }]
  >;
  // A refusal may come, and the connection end, while the body is still being sent: the answer counts.
  outgoing.on('error', () => undefined);
  if (body === undefined) outgoing.end();
  else if (typeof body === 'string' || Buffer.isBuffer(body)) outgoing.end(body);
  else Readable.from(body).pipe(outgoing);
  const [incoming] = await answered;
  const chunks: Buffer[] = [];
  for await (const chunk of incoming as AsyncIterable<Buffer>) chunks.push(chunk);
  return toReply(incoming.statusCode, incoming.rawHeaders, Buffer.concat(chunks));
}

/** `application/json` and what is derived from it (RFC 6839 §3.1), not a sequence of JSON texts in lines. */
const JSON_TYPE = /^application\/(?:[\w.-]+\+)?json(?:;|$)/;

function toReply(status: number, rawHeaders: readonly string[], bytes: Buffer): Reply {
  const names = rawHeaders.filter((_text, index) => index % 2 === 0).map((name) => name.toLowerCase());
  const values = rawHeaders.filter((_text, index) => index % 2 === 1);
  const headers = Object.fromEntries(names.map((name, index) => [name, values[index]]));
  const text = bytes.toString('utf8');
  const isJson = JSON_TYPE.test(headers['content-type'] ?? '') && text !== '';
  const json: unknown = isJson ? JSON.parse(text) : undefined;
  return { status, headers, names, bytes, text, json };
}

/** How a client leaves: it half closes, it resets, or it waits for the server to close. */
export type Ending = 'fin' | 'reset' | 'wait';

/**
 * Sends bytes as they are and resolves, once the connection is closed, with everything that came back. The connection
 * being reset by the server is not an error here: what counts is what came before.
 */
export async function exchange(
  url: string,
  bytes: Buffer | string | readonly (Buffer | string)[],
  ending: Ending,
): Promise<string> {
  const { hostname, port } = new URL(url);
  const socket = connect({ host: hostname, port: Number(port) });
  let received = '';
  socket.on('data', (chunk: Buffer) => (received += chunk.toString('latin1')));
  socket.on('error', () => undefined);
  const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()));
  await once(socket, 'connect');
  for (const part of Array.isArray(bytes) ? bytes : [bytes]) await send(socket, part as Buffer | string);
  if (ending === 'fin') socket.end();
  if (ending === 'reset') socket.resetAndDestroy();
  await closed;
  return received;
}

/** Status of the first answer in what {@link exchange} received; null when there was none. */
export function statusOf(received: string): number | null {
  const status = /^HTTP\/1\.1 (\d{3})/.exec(received)?.[1];
  return status === undefined ? null : Number(status);
}

async function send(socket: Socket, bytes: Buffer | string): Promise<void> {
  await new Promise<void>((resolve) => socket.write(bytes, () => resolve()));
}

/** The head of a request as text, ready to be followed by its body. */
export function head(method: string, path: string, token: string | null, headers: readonly string[]): string {
  const lines = [
    `${method} ${path} HTTP/1.1`,
    'Host: gateway.test',
    'Connection: close',
    ...(token === null ? [] : [`Authorization: Bearer ${token}`]),
    ...headers,
  ];
  return `${lines.join('\r\n')}\r\n\r\n`;
}

/** One part of a form written by hand. */
export interface FormPart {
  readonly name: string;
  readonly fileName?: string;
  readonly type?: string;
  readonly content: Buffer | string;
}

/** A `multipart/form-data` body and its type, byte for byte as asked. */
export function form(
  parts: readonly FormPart[],
  boundary = 'gatehold-boundary',
): { type: string; body: Buffer } {
  const pieces = parts.map(({ name, fileName, type, content }) => {
    const file = fileName === undefined ? '' : `; filename="${fileName}"`;
    const kind = type === undefined ? '' : `Content-Type: ${type}\r\n`;
    const headers = `--${boundary}\r\nContent-Disposition: form-data; name="${name}"${file}\r\n${kind}\r\n`;
    return Buffer.concat([Buffer.from(headers), Buffer.from(content), Buffer.from('\r\n')]);
  });
  return {
    type: `multipart/form-data; boundary=${boundary}`,
    body: Buffer.concat([...pieces, Buffer.from(`--${boundary}--\r\n`)]),
  };
}
