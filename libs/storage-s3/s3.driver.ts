import {
  type DriverWatch,
  EndpointGuard,
  type ObjectStorage,
  PartBuffers,
  type StorageBinding,
  type StorageClock,
  storageClocks,
  StorageDriver,
} from '#storage';

import type { QuerySignerFactory } from './query-signer.js';
import { ensureBucket } from './s3.bucket.js';
import { makeS3Client, type S3ConnectionLimits } from './s3.client.js';
import { type S3CopyLimits, USUAL_COPIES } from './s3.copy.js';
import { s3Failure } from './s3.errors.js';
import { S3Place } from './s3.place.js';
import { S3Presigner } from './s3.presigner.js';
import { tryConditionalWrites } from './s3.probe.js';
import { parseS3Settings, type S3Settings } from './s3.settings.js';
import { S3Storage } from './s3.storage.js';

/** What the composition root gives. */
export interface S3DriverOptions {
  /** Signs URLs. */
  readonly signer: QuerySignerFactory;
  readonly limits: S3ConnectionLimits;
  /** Buffers of 5 MiB for parts under way, beside the one that every upload has; shared by all bindings. */
  readonly extraPartBuffers: number;
  /** Where bindings that are not the operator's own may lead. Default: globally routable addresses only. */
  readonly endpointGuard?: EndpointGuard;
  /** How objects are copied inside the server. Default: whole up to 5 GiB, in parts of 128 MiB beyond. */
  readonly copies?: S3CopyLimits;
  readonly watch?: DriverWatch;
}

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
    const client = makeS3Client(settings, this.options.limits, guard, clock);
    const place = new S3Place(client, settings.bucket, settings.prefix);
    try {
      await ensureBucket(place, settings);
      const kept = await tryConditionalWrites(place, settings.profile);
      const { conditionalPut } = kept;
      const presigner = new S3Presigner(this.#signer(settings), place, clock, conditionalPut);
      return new S3Storage({
        place,
        profile: { ...settings.profile, ...kept },
        presigner,
        buffers: this.#buffers,
        conditionalPut,
        copies: this.options.copies ?? USUAL_COPIES,
      });
    } catch (error) {
      place.client.destroy();
      throw s3Failure(error);
    }
  }

  #signer({ credentials, endpoint, bucket, region, profile }: S3Settings) {
    return this.options.signer(credentials, { endpoint, bucket, region, pathStyle: profile.pathStyle });
  }
}
