import type { BlockBlobClient, ContainerClient, StorageSharedKeyCredential } from '@azure/storage-blob';
import type { KeyPrefix, ObjectKey, StorageClock } from '#storage';

import type { AzureClient } from './azure.client.js';
import type { AzureSettings } from './azure.settings.js';

/** Where multipart uploads gather their parts. No object key begins with a dot, so no list of objects shows them. */
const UPLOADS = '.uploads';

/** A container and the prefix under it that belongs to one binding. */
export class AzurePlace {
  readonly container: ContainerClient;
  readonly credential: StorageSharedKeyCredential;
  readonly clock: StorageClock;
  /** What all of its names begin with, to the slash; empty for a container of its own. */
  readonly prefix: string;

  constructor(
    private readonly client: AzureClient,
    { container, prefix }: Pick<AzureSettings, 'container' | 'prefix'>,
  ) {
    this.container = client.service.getContainerClient(container);
    this.credential = client.credential;
    this.clock = client.clock;
    this.prefix = prefix === '' ? '' : `${prefix}/`;
  }

  /** The name of an object as the service knows it. */
  nameOf(key: ObjectKey): string {
    return this.prefix + key;
  }

  /** The name of the blob in which the parts of an upload are gathered. */
  uploadName(key: string, uploadId: string): string {
    return `${this.prefix}${UPLOADS}/${key}/${uploadId}`;
  }

  /** What names below a prefix of keys begin with: always to the slash, so that `t1` does not show `t10`. */
  listPrefix(prefix: KeyPrefix): string {
    return `${this.prefix}${prefix}/`;
  }

  /** The same for uploads; without a prefix, for all of the place. */
  uploadPrefix(prefix?: KeyPrefix): string {
    return `${this.prefix}${UPLOADS}/${prefix === undefined ? '' : `${prefix}/`}`;
  }

  /** The key as the gateway knows it. */
  localKey(name: string): string {
    return name.slice(this.prefix.length);
  }

  /** Key and id of an upload by the name of its blob; null for what somebody else put there. */
  parseUploadName(name: string): { key: string; uploadId: string } | null {
    const found = /^(.+)\/([^/]+)$/.exec(name.slice(this.uploadPrefix().length));
    const [, key, uploadId] = found ?? [];
    return key === undefined || uploadId === undefined ? null : { key, uploadId };
  }

  object(key: ObjectKey): BlockBlobClient {
    return this.blob(this.nameOf(key));
  }

  blob(name: string): BlockBlobClient {
    return this.container.getBlockBlobClient(name);
  }

  /**
   * Closes the connections that are idle, and those that are in use once they are not: what is in flight goes on. A later
   * call connects again, for itself alone.
   */
  release(): void {
    const { http, https } = this.client.agents;
    for (const agent of [http, https]) {
      agent.maxFreeSockets = 0;
      for (const socket of Object.values(agent.freeSockets).flat()) socket?.destroy();
    }
  }
}
