import { BlobServiceClient, StorageSharedKeyCredential } from '@azure/storage-blob';
import {
  type ConnectionLimits,
  type EndpointGuard,
  guardedAgents,
  type GuardedAgents,
  type StorageClock,
} from '#storage';

import { AzureHttpClient } from './azure.http.js';
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
  readonly clock: StorageClock;
}

/**
 * A client on one endpoint with one account key. It follows no redirect, and no other credential is ever looked for. How
 * long a call may stay silent is the guard's to say: a socket cannot tell a silent service from a slow reader.
 */
export function makeAzureClient(
  settings: AzureSettings,
  guard: EndpointGuard,
  limits: ConnectionLimits,
  clock: StorageClock,
): AzureClient {
  const agents = guardedAgents(guard, limits);
  const credential = new StorageSharedKeyCredential(settings.accountName, settings.accountKey.reveal());
  const options = {
    httpClient: new AzureHttpClient(agents, clock),
    // An option of the pipeline underneath, which the client hands on although its type does not name it.
    redirectOptions: { maxRetries: 0 },
    retryOptions: {
      maxTries: ATTEMPTS,
      retryDelayInMs: RETRY_DELAY_MS,
      maxRetryDelayInMs: 2 * RETRY_DELAY_MS,
    },
  };
  const service = new BlobServiceClient(settings.endpoint, credential, options);
  return { service, credential, agents, clock };
}
