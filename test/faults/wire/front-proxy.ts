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

import { NOT_SENT } from './call.js';

/** A request that has passed, ready to be sent once more. */
export interface PassedRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: Buffer;
}

/** Decides whether a request is kept for {@link FrontProxy.onPassed}, before its body comes. */
type Keeps = (request: IncomingMessage) => boolean;

/**
 * The way of the clients to one gateway, as a load balancer is: its address stays while gateways come and go behind it. A
 * request that no gateway took is answered with a sign that it was not sent; whatever else breaks, breaks at the client.
 */
export class FrontProxy {
  /** Chooses requests to be kept, none of more than a few MiB. */
  keeps: Keeps = () => false;
  /** Called with every request that was kept, once the gateway has got all of it. */
  onPassed: (passed: PassedRequest) => void = () => undefined;
  #port: number | null = null;
  readonly #agent = new Agent({ keepAlive: true });

  private constructor(private readonly server: Server) {}

  /** Listens on the loopback interface and leads nowhere yet. */
  static async open(): Promise<FrontProxy> {
    const server = createServer({ requestTimeout: 0, headersTimeout: 0, keepAliveTimeout: 60_000 });
    const proxy = new FrontProxy(server);
    server.on('request', (incoming: IncomingMessage, answer: ServerResponse) =>
      proxy.#pass(incoming, answer),
    );
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return proxy;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  /** The gateway's port from now on; null: there is none. */
  leadTo(port: number | null): void {
    this.#port = port;
  }

  async close(): Promise<void> {
    this.#agent.destroy();
    this.server.close();
    this.server.closeAllConnections();
    await once(this.server, 'close');
  }

  #pass(incoming: IncomingMessage, answer: ServerResponse): void {
    incoming.on('error', () => undefined);
    if (this.#port === null) {
      refuse(incoming, answer);
      return;
    }
    const { method = '', url = '', headers } = incoming;
    const outgoing = request({
      host: '127.0.0.1',
      port: this.#port,
      method,
      path: url,
      headers,
      agent: this.#agent,
    });
    outgoing.once('response', (result) => passBack(result, answer));
    outgoing.on('error', (error: NodeJS.ErrnoException) => {
      if (answer.headersSent) answer.destroy();
      else if (error.code === 'ECONNREFUSED') refuse(incoming, answer);
      else incoming.socket.destroy();
    });
    answer.once('close', () => {
      if (!answer.writableFinished) outgoing.destroy();
    });
    if (this.keeps(incoming)) this.#keep(incoming);
    incoming.pipe(outgoing);
  }

  #keep(incoming: IncomingMessage): void {
    const chunks: Buffer[] = [];
    incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
    incoming.once('end', () => {
      const { method = '', url = '', headers } = incoming;
      this.onPassed({ method, url, headers, body: Buffer.concat(chunks) });
    });
  }
}

function refuse(incoming: IncomingMessage, answer: ServerResponse): void {
  incoming.resume();
  answer.writeHead(502, { [NOT_SENT]: '1', connection: 'close' }).end();
}

function passBack(result: IncomingMessage, answer: ServerResponse): void {
  result.on('error', () => answer.destroy());
  result.once('close', () => {
    if (!result.complete) answer.destroy();
  });
  answer.writeHead(result.statusCode ?? 0, result.headers);
  result.pipe(answer);
}
