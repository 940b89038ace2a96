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
    // The HTTP client repeats, after random pauses and as the service asks.
    retryOptions: { maxTries: 1 },
  };
  const service = new BlobServiceClient(settings.endpoint, credential, options);
  return { service, credential, agents, clock };
}
