import { type Agent, request, type IncomingHttpHeaders, type IncomingMessage } from 'node:http';

/** A request as a client means it. */
export interface Call {
  readonly method: string;
  /** Path and query, or a whole URL. */
  readonly path: string;
  readonly token?: string | null;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Buffer;
  /** How long its answer may take; as long as any when absent. Milliseconds. */
  readonly limitMs?: number;
}

/** A complete answer: one whose body broke off is none. */
export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly bytes: Buffer;
}

/** There was no complete answer. */
export class Unanswered extends Error {
  constructor(
    reason: string,
    /** False: no byte of the request can have reached the gateway. */
    readonly sent: boolean,
    /** Bytes of a body that broke off. */
    readonly received = 0,
  ) {
    super(reason);
  }
}

/** What the front proxy says of a request that it could not hand on. */
export const NOT_SENT = 'x-not-sent';

/** How long an answer may take, its body included, before the client gives up. */
const LIMIT_MS = 20_000;

/** Sends a request to `base`, over a connection that may be used again; rejects with {@link Unanswered}. */
export function send(
  base: string,
  call: Call,
  agent: Agent,
  limitMs = call.limitMs ?? LIMIT_MS,
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const target = new URL(call.path, base);
    const outgoing = request(target, { method: call.method, agent, headers: headersOf(call) });
    let received = 0;
    const fail = (reason: string): void => {
      clearTimeout(timer);
      outgoing.destroy();
      reject(new Unanswered(reason, outgoing.socket?.connecting !== true, received));
    };
    const timer = setTimeout(() => fail('no answer in time'), limitMs);
    outgoing.on('error', (error: NodeJS.ErrnoException) => fail(error.code ?? error.message));
    outgoing.once('response', (incoming: IncomingMessage) => {
      const chunks: Buffer[] = [];
      incoming.on('data', (chunk: Buffer) => {
        received += chunk.length;
        chunks.push(chunk);
      });
      incoming.once('error', (error: NodeJS.ErrnoException) => fail(error.code ?? error.message));
      incoming.once('end', () => {
        if (!incoming.complete) {
          fail('the answer broke off');
          return;
        }
        clearTimeout(timer);
        if (incoming.headers[NOT_SENT] !== undefined) {
          reject(new Unanswered('refused', false, received));
          return;
        }
        resolve({
          status: incoming.statusCode ?? 0,
          headers: incoming.headers,
          bytes: Buffer.concat(chunks),
        });
      });
    });
    outgoing.end(call.body);
  });
}

function headersOf({ token = null, headers = {}, body }: Call): Record<string, string> {
  return {
    ...(token === null ? {} : { authorization: `Bearer ${token}` }),
    ...(body === undefined ? {} : { 'content-length': String(body.length) }),
    ...headers,
  };
}

/** The JSON of an answer; null when it is not an object. */
export function jsonOf({ bytes, headers }: Answer): Readonly<Record<string, unknown>> | null {
  if (!(headers['content-type'] ?? '').includes('json')) return null;
  try {
    const value: unknown = JSON.parse(bytes.toString('utf8'));
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : null;
  } catch {
    return null;
  }
}
