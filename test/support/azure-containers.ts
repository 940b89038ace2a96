import {
  BlobServiceClient,
  type ContainerClient,
  type ContainerListBlobsOptions,
  StorageSharedKeyCredential,
} from '@azure/storage-blob';
import { randomUUID } from 'node:crypto';

import { freshId } from './api.js';
import { type AzureAccount, azureBinding, type Azurite } from './azurite.js';
import type { StoredObject, TestBucket, WrongCredentials } from './test-bucket.js';
import { plant } from './run-logs.js';

/** Where the adapter gathers the parts of uploads; no object's key has such a segment. */
const UPLOAD = /(?:^|\/)\.uploads\/(.+)\/[0-9a-f]{32}$/;

/** A container of an account of {@link Azurite}. */
export class AzureContainer implements TestBucket {
  readonly answersSuffixRanges = false;
  private readonly client: ContainerClient;

  /** One that is there already, or is to be made by somebody else. */
  constructor(
    private readonly azurite: Azurite,
    readonly name: string,
    private readonly account: AzureAccount = azurite.account,
  ) {
    const { endpoint, accountName, accountKey } = account;
    const credential = new StorageSharedKeyCredential(accountName, accountKey);
    this.client = new BlobServiceClient(endpoint, credential).getContainerClient(name);
  }

  /** Makes a container of a fresh name. */
  static async make(azurite: Azurite): Promise<AzureContainer> {
    const container = new AzureContainer(azurite, freshId('container'));
    await container.client.create();
    return container;
  }

  get origin(): string {
    return new URL(this.account.endpoint).origin;
  }

  /** Not the account's name, which is a part of the endpoint. */
  get secrets(): string[] {
    return [this.account.accountKey];
  }

  named(name: string): Record<string, unknown> {
    return { container: name };
  }

  at(origin: string): Record<string, unknown> {
    return { endpoint: `${origin}/${this.account.accountName}` };
  }

  binding(change: Readonly<Record<string, unknown>> = {}): Record<string, unknown> {
    return { ...azureBinding(this.account, this.name), ...change };
  }

  wrong(what: WrongCredentials): Record<string, string> {
    const { otherAccount } = this.azurite;
    return {
      'a wrong secret': { ...credentialsOf(this.account), account_key: otherAccount.accountKey },
      'an unknown key': { ...credentialsOf(this.account), account_name: 'nobody' },
      "somebody else's key": credentialsOf(otherAccount),
    }[what];
  }

  objects(prefix = ''): Promise<StoredObject[]> {
    return this.list({ prefix });
  }

  everything(prefix = ''): Promise<StoredObject[]> {
    return this.list({ prefix, includeUncommitedBlobs: true });
  }

  async keys(): Promise<string[]> {
    return (await this.objects()).map(({ name }) => name);
  }

  async read(name: string): Promise<Buffer> {
    return await this.client.getBlobClient(name).downloadToBuffer();
  }

  async write(name: string, bytes: Buffer): Promise<void> {
    await this.client.getBlockBlobClient(name).upload(bytes, bytes.length);
  }

  async remove(name: string): Promise<void> {
    await this.client.deleteBlob(name);
  }

  async begin(key: string): Promise<void> {
    const name = `.uploads/${key}/${randomUUID().replaceAll('-', '')}`;
    await this.client.getBlockBlobClient(name).upload('', 0);
  }

  async unfinished(): Promise<string[]> {
    return (await this.keys()).flatMap((name) => UPLOAD.exec(name)?.[1] ?? []);
  }

  async drop(): Promise<void> {
    await this.client.delete();
  }

  private async list(options: ContainerListBlobsOptions): Promise<StoredObject[]> {
    const found: StoredObject[] = [];
    for await (const { name, properties } of this.client.listBlobsFlat(options)) {
      const { contentLength = 0, etag, lastModified } = properties;
      found.push({ name, sizeBytes: contentLength, tag: `${etag} ${lastModified.toISOString()}` });
    }
    return found;
  }
}

function credentialsOf({ accountName, accountKey }: AzureAccount): Record<string, string> {
  plant(accountKey);
  return { account_name: accountName, account_key: accountKey };
}
