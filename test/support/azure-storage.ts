import { BlobServiceClient, type ContainerClient, StorageSharedKeyCredential } from '@azure/storage-blob';
import { Secret } from '#kernel';
import { EndpointGuard, type ObjectStorage } from '#storage';
import { AzureDriver } from '#storage-azure';
import { randomUUID } from 'node:crypto';

import type { AzureAccount } from './azurite.js';

/** A driver that may connect to this machine. */
export function azureDriver(extraPartBuffers = 12): AzureDriver {
  return new AzureDriver({
    limits: { connectMs: 3_000, maxConnections: 50 },
    extraPartBuffers,
    endpointGuard: new EndpointGuard(['127.0.0.0/8']),
  });
}

/** The settings of a binding to a container of its own, which is made when it is opened. */
export function azureSettings(
  { endpoint, accountName, accountKey }: AzureAccount,
  changes: Readonly<Record<string, unknown>> = {},
): Record<string, unknown> {
  return {
    endpoint,
    bucket: `gatehold-${randomUUID()}`,
    create: true,
    account_name: new Secret(accountName),
    account_key: new Secret(accountKey),
    ...changes,
  };
}

/** Opens what {@link azureSettings} describes. */
export async function openAzure(
  settings: Readonly<Record<string, unknown>>,
  extraPartBuffers?: number,
): Promise<ObjectStorage> {
  return await azureDriver(extraPartBuffers).open({ id: 'azure', driver: 'azure', settings });
}

/** A container by a client of its own, to look behind the adapter's back. */
export function containerBeside(
  { endpoint, accountName, accountKey }: AzureAccount,
  name: unknown,
): ContainerClient {
  const credential = new StorageSharedKeyCredential(accountName, accountKey);
  return new BlobServiceClient(endpoint, credential).getContainerClient(String(name));
}

/** All names in a container, those of blobs that were never committed too. */
export async function everythingIn(container: ContainerClient): Promise<string[]> {
  const names: string[] = [];
  for await (const { name } of container.listBlobsFlat({ includeUncommitedBlobs: true })) names.push(name);
  return names.sort();
}
