import { CodedError } from '#kernel';
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
  StorageErrors,
} from '#storage';

import { makeAzureClient } from './azure.client.js';
import { azureFailure, isContainerTaken } from './azure.errors.js';
import { AzurePlace } from './azure.place.js';
import { keepsWriteOnce } from './azure.probe.js';
import { parseAzureSettings, type AzureSettings } from './azure.settings.js';
import { AzureStorage } from './azure.storage.js';
import { until } from './call-options.js';

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
/** How long opening a container may take. Milliseconds. */
const OPEN_MS = 30_000;

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
    const place = new AzurePlace(makeAzureClient(settings, guard, this.options.limits, clock), settings);
    const late = new AbortController();
    const timer = setTimeout(() => {
      late.abort(new CodedError(StorageErrors.timeout, 'The storage does not answer in time.'));
    }, OPEN_MS);
    try {
      await findContainer(place, settings, late.signal);
      return new AzureStorage(place, this.#buffers, await keepsWriteOnce(place, late.signal));
    } catch (error) {
      place.release();
      throw azureFailure(error, late.signal);
    } finally {
      clearTimeout(timer);
    }
  }
}

async function findContainer(
  place: AzurePlace,
  { create }: AzureSettings,
  signal: AbortSignal,
): Promise<void> {
  try {
    await place.container.getProperties(until(signal));
  } catch (error) {
    if (!create) throw error;
    await place.container.create(until(signal)).catch((refused: unknown) => {
      // Somebody else made it in between, or it was only the look that is not allowed.
      if (!isContainerTaken(refused)) throw refused;
    });
  }
}
