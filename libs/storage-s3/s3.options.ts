import type { DriverWatch, EndpointGuard } from '#storage';

import type { QuerySignerFactory } from './query-signer.js';
import type { S3ConnectionLimits } from './s3.client.js';
import type { S3CopyLimits } from './s3.copy.js';

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
