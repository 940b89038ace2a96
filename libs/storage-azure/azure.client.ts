import { BlobServiceClient, StorageSharedKeyCredential } from '@azure/storage-blob';
import { CodedError } from '#kernel';
import { type ConnectionLimits, type EndpointGuard, guardedAgents, type GuardedAgents } from '#storage';
import type { Agent } from 'node:http';
import type { Socket } from 'node:net';

import type { AzureSettings } from './azure.settings.js';

/** How often one call is tried. Every body is a buffer by then, so a repeat sends all of it. */
const ATTEMPTS = 3;
/** The second try comes at once, the third after this; the service asks for more patience with 503. Milliseconds. */
const RETRY_DELAY_MS = 400;

/** A client, and the connections that it alone uses. */
export interface AzureClient {
  readonly service: BlobServiceClient;
  readonly credential: StorageSharedKeyCredential;
  readonly agents: GuardedAgents;
}

/**
 * A client on one endpoint with one account key. With agents of its own it meets no proxy of the environment, it follows
 * no redirect, and no other credential is ever looked for. How long a call may stay silent is the guard's to say: a
 * socket cannot tell a silent service from a slow reader.
 */
export function makeAzureClient(
  settings: AzureSettings,
  guard: EndpointGuard,
  limits: ConnectionLimits,
): AzureClient {
  const agents = guardedAgents(guard, limits);
  const credential = new StorageSharedKeyCredential(settings.accountName, settings.accountKey.reveal());
  const options = {
    // Both are options of the pipeline underneath, which the client hands on although its type does not name them.
    agent: nameFailures(settings.endpoint.startsWith('https:') ? agents.https : agents.http),
    redirectOptions: { maxRetries: 0 },
    retryOptions: {
      maxTries: ATTEMPTS,
      retryDelayInMs: RETRY_DELAY_MS,
      maxRetryDelayInMs: 2 * RETRY_DELAY_MS,
    },
  };
  return { service: new BlobServiceClient(settings.endpoint, credential, options), credential, agents };
}

type CreateConnection = (options: unknown, connected: (error: unknown, socket: Socket) => void) => unknown;

/** The SDK keeps the `code` of a connection's failure and drops the rest, so the code has to say what it was. */
function nameFailures<A extends Agent>(agent: A): A {
  const connect = (agent.createConnection as unknown as CreateConnection).bind(agent);
  const create: CreateConnection = (options, connected) => {
    const socket = connect(options, (error, opened) => connected(named(error), opened)) as Socket | undefined;
    socket?.prependOnceListener('error', named);
    return socket;
  };
  return Object.assign(agent, { createConnection: create });
}

function named(error: unknown): unknown {
  return error instanceof CodedError ? Object.assign(error, { code: error.kind.code }) : error;
}
