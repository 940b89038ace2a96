import type { ContainerListBlobFlatSegmentResponse } from '@azure/storage-blob';

import { failWith } from './azure.errors.js';
import type { AzurePlace } from './azure.place.js';
import { until } from './call-options.js';

/** One page of the committed blobs whose names begin with a prefix, in the order of their names. */
export async function listPage(
  place: AzurePlace,
  {
    prefix,
    limit = 1000,
    after,
  }: { readonly prefix: string; readonly limit?: number; readonly after?: string | undefined },
  signal: AbortSignal | undefined,
): Promise<ContainerListBlobFlatSegmentResponse> {
  const pages = place.container
    .listBlobsFlat({ prefix, ...until(signal) })
    .byPage({ maxPageSize: limit, ...(after === undefined ? {} : { continuationToken: after }) });
  const step = await pages.next().catch(failWith(signal));
  return step.value as ContainerListBlobFlatSegmentResponse;
}
