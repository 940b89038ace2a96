import {
  EndpointGuard,
  type ObjectStorage,
  PartBuffers,
  type StorageBinding,
  type StorageClock,
  storageClocks,
  StorageDriver,
} from '#storage';

import type { S3DriverOptions } from './s3.options.js';
import { parseS3Settings } from './s3.settings.js';

const ANYWHERE = EndpointGuard.unrestricted();
const GLOBALLY_ROUTABLE = new EndpointGuard();

/** Opens buckets of S3 servers. Each binding brings its own credentials; no other is ever looked for. */
export class S3Driver extends StorageDriver {
  readonly name = 's3';
  readonly #buffers: PartBuffers;
  readonly #clockOf: (bindingId: string) => StorageClock;

  constructor(private readonly options: S3DriverOptions) {
    super();
    this.#buffers = new PartBuffers(options.extraPartBuffers);
    this.#clockOf = storageClocks(options.watch);
  }

  /**
   * Finds the bucket, or makes it where the binding says so, and tries whether writing once is kept. An endpoint that
   * the guard refuses is `storage_endpoint_refused`.
   */
  async open(binding: StorageBinding): Promise<ObjectStorage> {
    const settings = parseS3Settings(binding);
    const guard =
      binding.operatorOwned === true ? ANYWHERE : (this.options.endpointGuard ?? GLOBALLY_ROUTABLE);
    guard.parseEndpoint(settings.endpoint);
    const clock = this.#clockOf(binding.id);
    // With the SDK, which takes some 20 MiB, and which few gateways without a bucket ever need.
    const { openBucket } = await import('./s3.opening.js');
    return await openBucket(settings, { options: this.options, guard, clock, buffers: this.#buffers });
  }
}
