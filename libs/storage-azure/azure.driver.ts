import {
  type ConnectionLimits,
  type DriverWatch,
  EndpointGuard,
  type ObjectStorage,
  PartBuffers,
  type StorageBinding,
  type StorageClock,
  storageClocks,
  StorageDriver,
} from '#storage';

import { parseAzureSettings } from './azure.settings.js';

/** What the composition root gives. */
export interface AzureDriverOptions {
  readonly limits: ConnectionLimits;
  /** Buffers of 5 MiB for blocks under way, beside the one that every upload has; shared by all bindings. */
  readonly extraPartBuffers: number;
  /** Where bindings that are not the operator's own may lead. Default: globally routable addresses only. */
  readonly endpointGuard?: EndpointGuard;
  readonly watch?: DriverWatch;
}

const ANYWHERE = EndpointGuard.unrestricted();
const GLOBALLY_ROUTABLE = new EndpointGuard();

/** Opens containers of Azure Blob Storage. Each binding brings its own account key; no other credential is looked for. */
export class AzureDriver extends StorageDriver {
  readonly name = 'azure';
  readonly #buffers: PartBuffers;
  readonly #clockOf: (bindingId: string) => StorageClock;

  constructor(private readonly options: AzureDriverOptions) {
    super();
    this.#buffers = new PartBuffers(options.extraPartBuffers);
    this.#clockOf = storageClocks(options.watch);
  }

  /**
   * Finds the container, or makes it where the binding says so, and tries whether writing once is kept. An endpoint that
   * the guard refuses is `storage_endpoint_refused`.
   */
  async open(binding: StorageBinding): Promise<ObjectStorage> {
    const settings = parseAzureSettings(binding);
    const guard =
      binding.operatorOwned === true ? ANYWHERE : (this.options.endpointGuard ?? GLOBALLY_ROUTABLE);
    guard.parseEndpoint(settings.endpoint);
    const clock = this.#clockOf(binding.id);
    // With the SDK, which takes some 20 MiB, and which few gateways without a container ever need.
    const { openContainer } = await import('./azure.opening.js');
    return await openContainer(settings, {
      limits: this.options.limits,
      guard,
      clock,
      buffers: this.#buffers,
    });
  }
}
