import { CodedError } from '#kernel';
import {
  type ConnectionLimits,
  type EndpointGuard,
  type ObjectStorage,
  type PartBuffers,
  type StorageClock,
  StorageErrors,
} from '#storage';

import { makeAzureClient } from './azure.client.js';
import { azureFailure, isContainerTaken } from './azure.errors.js';
import { AzurePlace } from './azure.place.js';
import { keepsWriteOnce } from './azure.probe.js';
import type { AzureSettings } from './azure.settings.js';
import { AzureStorage } from './azure.storage.js';
import { until } from './call-options.js';

/** How long opening a container may take. Milliseconds. */
const OPEN_MS = 30_000;

/** What a driver has for one of its containers. */
export interface AzureOpening {
  readonly limits: ConnectionLimits;
  readonly guard: EndpointGuard;
  readonly clock: StorageClock;
  readonly buffers: PartBuffers;
}

/** Finds the container, or makes it where the settings say so, and tries whether writing once is kept. */
export async function openContainer(settings: AzureSettings, opening: AzureOpening): Promise<ObjectStorage> {
  const { limits, guard, clock, buffers } = opening;
  const place = new AzurePlace(makeAzureClient(settings, guard, limits, clock), settings);
  const late = new AbortController();
  const timer = setTimeout(() => {
    late.abort(new CodedError(StorageErrors.timeout, 'The storage does not answer in time.'));
  }, OPEN_MS);
  try {
    await findContainer(place, settings, late.signal);
    return new AzureStorage(place, buffers, await keepsWriteOnce(place, late.signal));
  } catch (error) {
    place.release();
    throw azureFailure(error, late.signal);
  } finally {
    clearTimeout(timer);
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
