import { once } from 'node:events';
import { createServer, request, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

type Chosen = (call: { readonly method: string; readonly url: string }) => boolean;

/** A server in front of another one, which can do what it is told and never say so. */
export class LosingProxy {
  /** Every call, as `METHOD /path?query`. */
  readonly calls: string[] = [];
  #chosen: Chosen | null = null;
  #left = 0;

  private constructor(
    private readonly server: Server,
    private readonly target: URL,
  ) {}

  /** Listens on the loopback interface and passes every request on. */
  static async open(target: string): Promise<LosingProxy> {
    const server = createServer();
    const proxy = new LosingProxy(server, new URL(target));
    server.on('request', (call: IncomingMessage, answer: ServerResponse) => proxy.#pass(call, answer));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return proxy;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  /** The next so many calls that are chosen reach the server; their answers do not come back. */
  loseAnswers(chosen: Chosen, count = 1): void {
    this.#chosen = chosen;
    this.#left = count;
  }

  async close(): Promise<void> {
    this.server.close();
    this.server.closeAllConnections();
    await once(this.server, 'close');
  }

  #pass(call: IncomingMessage, answer: ServerResponse): void {
    const { method = '', url = '' } = call;
    this.calls.push(`${method} ${url}`);
    const isLost = this.#left > 0 && this.#chosen?.({ method, url }) === true;
    if (isLost) this.#left -= 1;
    const { hostname, port } = this.target;
    const onward = request({ hostname, port, method, path: url, headers: call.headers }, (result) => {
      if (isLost) {
        result.resume().once('end', () => call.socket.destroy());
        return;
      }
      answer.writeHead(result.statusCode ?? 0, result.headers);
      result.pipe(answer);
    });
    onward.once('error', () => call.socket.destroy());
    call.once('close', () => {
      if (!call.complete) onward.destroy();
    });
    call.pipe(onward);
  }
}
