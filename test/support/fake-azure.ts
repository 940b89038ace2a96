import { Secret } from '#kernel';
import type { ObjectStorage } from '#storage';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

import { azureDriver } from './azure-storage.js';

/** What is done with one request, whose body has been read; it may leave it unanswered. */
export type AzureAnswer = (response: ServerResponse, request: IncomingMessage) => void;

const NAMES = { account: 'fakeaccount', container: 'fake-container' };

/**
 * A blob service that does what its script says, for faults only. Until something is scripted it lets a container be
 * opened: it is there, and a name that was written is taken.
 */
export class FakeAzure {
  /** `METHOD /path?query` of every request. */
  readonly requests: string[] = [];
  script: AzureAnswer | null = null;
  readonly #taken = new Set<string>();

  private constructor(private readonly server: Server) {
    server.on('request', (request: IncomingMessage, response: ServerResponse) => {
      request.on('error', () => undefined);
      request.resume().once('end', () => {
        this.requests.push(`${request.method ?? ''} ${request.url ?? ''}`);
        (this.script ?? this.#usual)(response, request);
      });
    });
  }

  static async open(): Promise<FakeAzure> {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new FakeAzure(server);
  }

  /** The container on it, as the gateway's own driver opens it. */
  openStorage(): Promise<ObjectStorage> {
    const { port } = this.server.address() as AddressInfo;
    const settings = {
      endpoint: `http://127.0.0.1:${port}/${NAMES.account}`,
      bucket: NAMES.container,
      account_name: new Secret(NAMES.account),
      account_key: new Secret(Buffer.from('a key of the account').toString('base64')),
    };
    return azureDriver().open({ id: 'fake', driver: 'azure', settings });
  }

  async close(): Promise<void> {
    this.server.close();
    this.server.closeAllConnections();
    await once(this.server, 'close');
  }

  readonly #usual: AzureAnswer = (response, { method, url = '' }) => {
    if (method !== 'PUT') response.writeHead(method === 'DELETE' ? 202 : 200).end();
    else if (this.#taken.has(url)) response.writeHead(409, { 'x-ms-error-code': 'BlobAlreadyExists' }).end();
    else response.writeHead(201).end(() => this.#taken.add(url));
  };
}
