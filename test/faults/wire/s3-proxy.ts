import { once } from 'node:events';
import {
  Agent,
  createServer,
  request,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http';
import type { AddressInfo } from 'node:net';

import { Damage, Pace, type DamageOptions, type PaceOptions } from './damage.js';
import { s3CallOf, type S3Call } from './s3-call.js';

/** What is done to one request; nothing at all when null. */
export type Treatment =
  /** Answered by the proxy itself, and never seen by the server. */
  | { readonly kind: 'answer'; readonly status: number; readonly code: string }
  /** Taken, and never answered. */
  | { readonly kind: 'silence' }
  /** Done by the server, which is not heard of again. */
  | { readonly kind: 'lose-answer' }
  /** The first byte comes late, and those after it slowly, until {@link S3Proxy.treat} is changed. */
  | ({ readonly kind: 'slow' } & PaceOptions)
  /** The body of the request, or of the answer, is cut off or changed at a byte. */
  | ({ readonly kind: 'damage'; readonly side: 'request' | 'answer' } & DamageOptions);

/** Chooses what is done to a request. */
export type Treat = (call: S3Call) => Treatment | null;

const NOTHING: Treat = () => null;

/** The way of the gateways, and of those who were given URLs, to the S3 server. */
export class S3Proxy {
  /** Keys that the server was asked to remove, however that ended. */
  readonly removals = new Set<string>();
  #treat: Treat = NOTHING;
  #treated = 0;
  #target: URL | null = null;
  readonly #agent = new Agent({ keepAlive: true });

  private constructor(
    private readonly server: Server,
    private readonly port: number,
  ) {}

  /** Listens on the loopback interface and leads nowhere yet. */
  static async open(): Promise<S3Proxy> {
    const server = createServer({ requestTimeout: 0, headersTimeout: 0, keepAliveTimeout: 60_000 });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const proxy = new S3Proxy(server, (server.address() as AddressInfo).port);
    server.on('request', (incoming: IncomingMessage, answer: ServerResponse) =>
      proxy.#pass(incoming, answer),
    );
    return proxy;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  leadTo(target: string): void {
    this.#target = new URL(target);
  }

  /** Treats every request from now on so; null: as if there were no proxy. */
  treat(treat: Treat | null): void {
    this.#treat = treat ?? NOTHING;
  }

  /** How many requests were treated since this was last asked. */
  takeCount(): number {
    const count = this.#treated;
    this.#treated = 0;
    return count;
  }

  /** Connections are refused from now on, and those that are there are cut. */
  async refuse(): Promise<void> {
    this.server.close();
    this.server.closeAllConnections();
    await once(this.server, 'close');
  }

  /** Listens again, at the same port. */
  async accept(): Promise<void> {
    this.server.listen(this.port, '127.0.0.1');
    await once(this.server, 'listening');
  }

  async close(): Promise<void> {
    this.#agent.destroy();
    await this.refuse();
  }

  #pass(incoming: IncomingMessage, answer: ServerResponse): void {
    incoming.on('error', () => undefined);
    const call = s3CallOf(incoming);
    if (call.operation === 'DeleteObject') this.removals.add(decodeURIComponent(call.key));
    const treatment = this.#treat(call);
    if (treatment !== null) this.#treated += 1;
    if (treatment?.kind === 'silence') return void incoming.resume();
    if (treatment?.kind === 'answer') {
      answerError(incoming, answer, treatment);
      return;
    }
    this.#handOn(incoming, answer, treatment);
  }

  #handOn(incoming: IncomingMessage, answer: ServerResponse, treatment: Treatment | null): void {
    if (this.#target === null) throw new Error('The S3 proxy leads nowhere.');
    const { hostname, port } = this.#target;
    const { method = '', url = '', headers } = incoming;
    const outgoing = request({ hostname, port, method, path: url, headers, agent: this.#agent });
    const isLost = treatment?.kind === 'lose-answer';
    outgoing.once('response', (result) => {
      if (isLost) result.resume().once('close', () => incoming.socket.destroy());
      else this.#passBack(result, answer, treatment);
    });
    outgoing.on('error', () => incoming.socket.destroy());
    // What is lost is done all the same, also when the gateway has stopped waiting.
    if (!isLost)
      answer.once('close', () => {
        if (!answer.writableFinished) outgoing.destroy();
      });
    if (treatment?.kind !== 'damage' || treatment.side === 'answer') {
      incoming.pipe(outgoing);
      return;
    }
    const damage = incoming.pipe(new Damage(treatment));
    damage.once('error', () => {
      outgoing.destroy();
      incoming.socket.destroy();
    });
    damage.pipe(outgoing);
  }

  #passBack(result: IncomingMessage, answer: ServerResponse, treatment: Treatment | null): void {
    result.on('error', () => answer.destroy());
    result.once('close', () => {
      if (!result.complete) answer.destroy();
    });
    answer.writeHead(result.statusCode ?? 0, result.headers);
    if (treatment?.kind === 'damage' && treatment.side === 'answer') passDamaged(result, answer, treatment);
    else if (treatment?.kind === 'slow')
      result.pipe(new Pace(treatment, () => this.#treat === NOTHING)).pipe(answer);
    else result.pipe(answer);
  }
}

function passDamaged(result: IncomingMessage, answer: ServerResponse, options: DamageOptions): void {
  const damage = result.pipe(new Damage(options));
  damage.once('error', () => answer.socket?.resetAndDestroy());
  damage.pipe(answer, { end: false });
  // An answer that announced more bytes than came is over when the connection is.
  damage.once('end', () => (damage.isCut ? answer.socket?.end() : answer.end()));
}

function answerError(
  incoming: IncomingMessage,
  answer: ServerResponse,
  { status, code }: { readonly status: number; readonly code: string },
): void {
  incoming.resume().once('end', () => {
    const body = `<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>${code}</Code><Message>Later.</Message></Error>`;
    answer.writeHead(status, { 'content-type': 'application/xml', 'content-length': String(body.length) });
    answer.end(incoming.method === 'HEAD' ? undefined : body);
  });
}
