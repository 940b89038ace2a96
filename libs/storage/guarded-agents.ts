import { CodedError } from '#kernel';
import { lookup as resolve } from 'node:dns';
import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import type { LookupFunction, Socket } from 'node:net';

import type { EndpointGuard } from './endpoint-guard.js';
import { StorageErrors } from './storage.errors.js';

/** Bounds of the connections to one place. */
export interface ConnectionLimits {
  /** Milliseconds from the first look at the name to a connection that can be used, TLS included. */
  readonly connectMs: number;
  /** Connections at once; calls beyond wait for one of them. */
  readonly maxConnections: number;
}

/** Pools of connections, to be given to whatever speaks HTTP to a storage. Whoever makes them releases them. */
export interface GuardedAgents {
  readonly http: HttpAgent;
  readonly https: HttpsAgent;
}

const KEEP_ALIVE_MS = 30_000;

/**
 * Pools whose every connection passes the guard: the address that was checked is the address that is dialled, since the
 * look-up is the connection's own, and an address in place of a name is checked before the connection is made. A
 * refusal fails the request with `storage_endpoint_refused`, a connection that does not come in time with
 * `storage_timeout`. Agents follow no redirect and know no proxy.
 */
export function guardedAgents(guard: EndpointGuard, limits: ConnectionLimits): GuardedAgents {
  const options = {
    keepAlive: true,
    keepAliveMsecs: KEEP_ALIVE_MS,
    maxSockets: limits.maxConnections,
    lookup: guardedLookup(guard),
  };
  return {
    http: watched(new HttpAgent(options), 'connect', guard, limits.connectMs),
    https: watched(new HttpsAgent(options), 'secureConnect', guard, limits.connectMs),
  };
}

/**
 * Closes connections that are idle, and the others as soon as they would be. What is in flight goes on; later requests
 * work, each with a connection of its own.
 */
export function releaseAgents({ http, https }: GuardedAgents): void {
  for (const agent of [http, https]) {
    agent.maxFreeSockets = 0;
    for (const socket of Object.values(agent.freeSockets).flat()) socket?.destroy();
  }
}

type Connected = (error: Error | null, socket: Socket) => void;
/** As Node.js calls it: with the options of `net.connect`, and answered by a return or a call. */
type CreateConnection = (options: { host?: string | null }, connected: Connected) => Socket | undefined;

function watched<A extends HttpAgent>(
  agent: A,
  ready: 'connect' | 'secureConnect',
  guard: EndpointGuard,
  connectMs: number,
): A {
  const connect = (agent.createConnection as CreateConnection).bind(agent);
  const create: CreateConnection = (options, connected) => {
    try {
      guard.checkLiteral(options.host ?? 'localhost');
    } catch (error) {
      // Not thrown: the request that the connection is for has to hear of it.
      process.nextTick(connected, error);
      return undefined;
    }
    const socket = connect(options, connected);
    if (socket !== undefined) limitConnecting(socket, ready, connectMs);
    return socket;
  };
  return Object.assign(agent, { createConnection: create });
}

function limitConnecting(socket: Socket, ready: 'connect' | 'secureConnect', connectMs: number): void {
  const late = setTimeout(() => {
    socket.destroy(new CodedError(StorageErrors.timeout, 'The storage cannot be connected to in time.'));
  }, connectMs);
  const stop = (): void => clearTimeout(late);
  socket.once(ready, stop);
  socket.once('close', stop);
}

function guardedLookup(guard: EndpointGuard): LookupFunction {
  return (host, options, done) => {
    resolve(host, { ...options, all: true }, (error, found) => {
      try {
        if (error !== null) throw error;
        guard.checkResolved(
          host,
          found.map(({ address }) => address),
        );
      } catch (refusal) {
        done(refusal as NodeJS.ErrnoException, '', 0);
        return;
      }
      const [first] = found;
      if (options.all === true) done(null, found);
      else done(null, first?.address ?? '', first?.family);
    });
  };
}
