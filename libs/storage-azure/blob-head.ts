import type { ObjectHead } from '#storage';

import { azureFailure, isAbsent } from './azure.errors.js';
import type { AzurePlace } from './azure.place.js';
import { isMadeBy } from './blocks.js';
import { until } from './call-options.js';

/** A blob as the service describes it. */
export interface BlobHead extends ObjectHead {
  readonly metadata: Readonly<Record<string, string>>;
}

/** What is known of a blob; null when there is none, or none that was committed. */
export async function findHead(
  place: AzurePlace,
  name: string,
  signal: AbortSignal | undefined,
): Promise<BlobHead | null> {
  try {
    const found = await place.blob(name).getProperties(until(signal));
    return {
      sizeBytes: found.contentLength ?? 0,
      modifiedAt: found.lastModified ?? new Date(0),
      entityTag: found.etag ?? '',
      contentType: found.contentType,
      metadata: found.metadata ?? {},
    };
  } catch (error) {
    if (isAbsent(error)) return null;
    throw azureFailure(error, signal);
  }
}

/** {@link findHead}, for a blob that this put, copy or upload has made. */
export async function findOwn(
  place: AzurePlace,
  name: string,
  owner: string,
  signal: AbortSignal | undefined,
): Promise<BlobHead | null> {
  const head = await findHead(place, name, signal);
  return head !== null && isMadeBy(owner, head.metadata) ? head : null;
}
