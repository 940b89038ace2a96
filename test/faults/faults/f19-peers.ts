import { connect, type Socket } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';

import { nameOf } from '../content/naming.js';
import { patternBytes, sha256 } from '../content/pattern.js';
import type { Owner } from '../content/owner.js';
import { contentOf } from '../run.js';
import type { Fault, Strike } from './fault.js';

/** Longer than every limit that the gateways have on clients who do nothing. */
const PATIENCE_MS = 9_000;
const DECLARED = 200_000;
const IDLE_SOCKETS = 150;
/** A client of its own, beside those of the workload. */
const CLIENT = 101;

/** Clients who break off, stand still, drip, close one half, and never say anything; none of it becomes a source. */
export const peers: Fault = {
  id: 'F19',
  name: 'clients abort at byte k, stall, drip, half-close, idle',
  async strike(strike) {
    const { choices } = strike;
    const broken = [
      ...Array.from({ length: 8 }, () => sendPart(strike, 'reset', choices.between(0, DECLARED - 1))),
      ...Array.from({ length: 4 }, () => sendPart(strike, 'half-close', choices.between(0, DECLARED - 1))),
      sendPart(strike, 'stall', choices.between(0, DECLARED - 1)),
      sendPart(strike, 'drip', 100),
      halfCloseAfterAll(strike),
      pipeline(strike),
      idle(strike),
    ];
    await Promise.all(broken);
  },
};

/** Sends the head of an upload and a part of its body, and then behaves badly. It must never be there. */
async function sendPart(
  strike: Strike,
  how: 'reset' | 'half-close' | 'stall' | 'drip',
  bytes: number,
): Promise<void> {
  const { run, choices } = strike;
  const owner = choices.pick(run.world.owners);
  const gateway = choices.pick(run.world.gateways);
  const write = run.nextWrite();
  const op = run.nextOp();
  const content = patternBytes(contentOf(run, owner, { write, sizeBytes: DECLARED }));
  const id = `gone-${write}`;
  const effect = {
    write,
    sizeBytes: DECLARED,
    sha256: sha256(content),
    name: nameOf(write),
    contentType: 'text/plain',
  };
  await run.ledger.append({
    type: 'intent',
    op,
    client: CLIENT,
    kind: how,
    subject: `${owner.code}/${id}`,
    effect,
    guarded: false,
  });
  strike.hit();
  const peer = new Peer(gateway.directUrl);
  peer.send(headOf(strike, owner, 'PUT', `/v1/sources/${id}/content`, DECLARED));
  peer.send(content.subarray(0, bytes));
  if (how === 'reset') peer.reset();
  if (how === 'half-close') peer.end();
  if (how === 'drip') void peer.drip(content.subarray(bytes));
  await expectCut(strike, peer, how);
  // Incomplete bodies are refused, whether anybody was there to hear it or not.
  await run.ledger.append({
    type: 'outcome',
    op,
    result: 'refused',
    closed: true,
    status: peer.status,
    code: null,
    attempts: 1,
    sourceId: null,
  });
}

async function expectCut(strike: Strike, peer: Peer, how: string): Promise<void> {
  strike.checked('I9');
  const isCut = await peer.closedWithin(PATIENCE_MS);
  if (!isCut) await strike.violate('I9', `a connection that did "${how}" was not closed`);
  if (peer.status !== null && peer.status < 400)
    await strike.violate('I1', `a body that was cut off ("${how}") was answered with ${peer.status}`);
  peer.reset();
}

/** A client that closes its half with the end of its request is answered or cut, and not kept. */
async function halfCloseAfterAll(strike: Strike): Promise<void> {
  const owner = strike.choices.pick(strike.world.owners);
  const peer = new Peer(strike.choices.pick(strike.world.gateways).directUrl);
  strike.hit();
  peer.send(headOf(strike, owner, 'GET', '/v1/sources?limit=1', 0));
  peer.end();
  strike.checked('I9');
  if (!(await peer.closedWithin(PATIENCE_MS)))
    await strike.violate('I9', 'a connection whose client closed its half was not closed');
  peer.reset();
}

/** Two requests in one piece get two answers. */
async function pipeline(strike: Strike): Promise<void> {
  const owner = strike.choices.pick(strike.world.owners);
  const peer = new Peer(strike.choices.pick(strike.world.gateways).directUrl);
  strike.hit();
  const head = headOf(strike, owner, 'GET', '/v1/sources?limit=1', 0);
  peer.send(head.replace('Connection: close\r\n', '') + head);
  await peer.closedWithin(PATIENCE_MS);
  peer.reset();
  strike.checked('I9');
  if (peer.answers !== 2) await strike.violate('I9', `two requests in one piece got ${peer.answers} answers`);
}

/** Connections that say nothing are closed, and keep nobody else out. */
async function idle(strike: Strike): Promise<void> {
  const { directUrl } = strike.choices.pick(strike.world.gateways);
  const idlers = Array.from({ length: IDLE_SOCKETS }, () => new Peer(directUrl));
  strike.hit(idlers.length);
  const closed = await Promise.all(idlers.map((peer) => peer.closedWithin(PATIENCE_MS)));
  for (const peer of idlers) peer.reset();
  strike.checked('I9', idlers.length);
  const open = closed.filter((isClosed) => !isClosed).length;
  if (open > 0) await strike.violate('I9', `${open} idle connections were not closed`);
}

function headOf({ world }: Strike, owner: Owner, method: string, path: string, length: number): string {
  const lines = [
    `${method} ${path} HTTP/1.1`,
    'Host: gateway.test',
    'Connection: close',
    `Authorization: Bearer ${world.credentials.editors.get(owner.tenantId) ?? ''}`,
    `X-Sub-Tenant-Id: ${owner.subTenantId}`,
    ...(length > 0 ? ['Content-Type: text/plain', `Content-Length: ${length}`] : []),
  ];
  return `${lines.join('\r\n')}\r\n\r\n`;
}

/** A connection that is used badly. */
class Peer {
  #received = '';
  readonly #socket: Socket;
  readonly #closed: Promise<boolean>;

  constructor(url: string) {
    const { hostname, port } = new URL(url);
    this.#socket = connect({ host: hostname, port: Number(port), allowHalfOpen: true });
    this.#socket.on('error', () => undefined);
    this.#socket.on('data', (chunk: Buffer) => (this.#received += chunk.toString('latin1')));
    this.#socket.once('end', () => this.#socket.end());
    this.#closed = new Promise((resolve) => this.#socket.once('close', () => resolve(true)));
  }

  /** Status of the first answer; null when there was none. */
  get status(): number | null {
    const status = /^HTTP\/1\.1 (\d{3})/.exec(this.#received)?.[1];
    return status === undefined ? null : Number(status);
  }

  get answers(): number {
    return this.#received.split('HTTP/1.1 200').length - 1;
  }

  send(bytes: Buffer | string): void {
    this.#socket.write(bytes);
  }

  end(): void {
    this.#socket.end();
  }

  reset(): void {
    this.#socket.resetAndDestroy();
  }

  /** A byte a second, until the other side has enough. */
  async drip(bytes: Buffer): Promise<void> {
    for (const byte of bytes) {
      if (this.#socket.destroyed || this.#socket.writableEnded) return;
      this.#socket.write(Buffer.of(byte));
      await pause(1_000);
    }
  }

  closedWithin(milliseconds: number): Promise<boolean> {
    return Promise.race([this.#closed, pause(milliseconds).then(() => false)]);
  }
}
