import { abandonedProbes, PROBE_FOLDER } from '#storage';
import { randomUUID } from 'node:crypto';

import { isTaken } from './azure.errors.js';
import type { AzurePlace } from './azure.place.js';
import { listPage } from './blob-page.js';
import { IF_FREE, until } from './call-options.js';

/**
 * Puts one name twice. The service refuses the second; whatever only looks like it may take both. What processes left that
 * died in the midst of this goes as well.
 */
export async function keepsWriteOnce(place: AzurePlace, signal: AbortSignal): Promise<boolean> {
  const probe = place.blob(`${place.prefix}${PROBE_FOLDER}${randomUUID()}`);
  const put = () => probe.upload('probe', 5, { ...until(signal), conditions: IF_FREE });
  await put();
  try {
    const keeps = await put().then(
      () => false,
      (error: unknown) => {
        if (isTaken(error)) return true;
        throw error;
      },
    );
    await removeAbandoned(place, probe.name, signal);
    return keeps;
  } finally {
    await probe.delete(until(signal)).catch(() => undefined);
  }
}

/** Nothing depends on it: what fails is left to the next opening. */
async function removeAbandoned(place: AzurePlace, own: string, signal: AbortSignal): Promise<void> {
  try {
    const { segment } = await listPage(place, { prefix: `${place.prefix}${PROBE_FOLDER}` }, signal);
    const probes = segment.blobItems.map(({ name, properties }) => ({
      name,
      modifiedAt: properties.lastModified,
    }));
    for (const name of abandonedProbes(probes, own)) await place.blob(name).delete(until(signal));
  } catch {
    // See above.
  }
}
