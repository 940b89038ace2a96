import { randomUUID } from 'node:crypto';

import { isTaken, keyTaken } from './azure.errors.js';
import type { AzurePlace } from './azure.place.js';
import { signedUrl } from './azure.presigner.js';
import { findOwn } from './blob-head.js';
import { blockId, madeBy } from './blocks.js';
import { IF_FREE, until } from './call-options.js';
import { takeBack } from './take-back.js';

/** The service's bounds on one request, see "Copy Blob From URL" and "Put Block From URL". */
const WHOLE_BYTES = 256 * 1024 * 1024;
const PARALLEL = 4;
/** How long the service may take to begin reading the source. Milliseconds; ample for clocks that differ. */
const SOURCE_URL_MS = 3_600_000;

/** What is copied. */
export interface BlobCopy {
  readonly from: string;
  readonly to: string;
  readonly sizeBytes: number;
  /** The source as it was looked at; another by now is not copied, as far as one request does it. */
  readonly entityTag: string;
  /** Who makes the copy; kept in its metadata. Absent: a fresh id. */
  readonly owner?: string;
  /** Up to how many bytes are copied by one request, and at most by each of several. Default and most: 256 MiB. */
  readonly blockBytes?: number;
}

/**
 * Copies a blob to a name that is free, without its bytes coming here: what one request can copy by "Copy Blob From URL",
 * more by blocks that are read from the source. Either way the copy appears whole. A taken name is `object_exists`,
 * unless it was taken by this very copy, whose answer was lost. Leaves nothing when it fails.
 */
export async function copyBlob(
  place: AzurePlace,
  copy: BlobCopy,
  signal: AbortSignal | undefined,
): Promise<void> {
  const { to, sizeBytes, owner = randomUUID().replaceAll('-', ''), blockBytes = WHOLE_BYTES } = copy;
  try {
    if (sizeBytes <= blockBytes) await copyWhole(place, copy, owner, signal);
    else await copyBlocks(place, copy, owner, blockBytes, signal);
  } catch (error) {
    if (isTaken(error)) {
      if ((await findOwn(place, to, owner, signal)) !== null) return;
      throw keyTaken(error);
    }
    await takeBack(place, to, owner);
    throw error;
  }
}

async function copyWhole(
  place: AzurePlace,
  { from, to, entityTag }: BlobCopy,
  owner: string,
  signal: AbortSignal | undefined,
): Promise<void> {
  await place.blob(to).syncCopyFromURL(sourceUrl(place, from), {
    ...until(signal),
    conditions: IF_FREE,
    sourceConditions: { ifMatch: entityTag },
    metadata: madeBy(owner),
  });
}

async function copyBlocks(
  place: AzurePlace,
  { from, to, sizeBytes }: BlobCopy,
  owner: string,
  blockBytes: number,
  signal: AbortSignal | undefined,
): Promise<void> {
  const blob = place.blob(to);
  const ids = Array.from({ length: Math.ceil(sizeBytes / blockBytes) }, (_, at) => blockId(owner, at + 1));
  const cancel = new AbortController();
  const cut = signal === undefined ? cancel.signal : AbortSignal.any([cancel.signal, signal]);
  const waiting = ids.entries();
  const work = async (): Promise<void> => {
    for (const [at, id] of waiting) {
      const start = at * blockBytes;
      const length = Math.min(blockBytes, sizeBytes - start);
      await blob.stageBlockFromURL(id, sourceUrl(place, from), start, length, until(cut));
    }
  };
  const workers = Array.from({ length: PARALLEL }, work);
  try {
    await Promise.all(workers);
  } catch (error) {
    cancel.abort(error);
    await Promise.allSettled(workers);
    throw error;
  }
  await blob.commitBlockList(ids, { ...until(signal), conditions: IF_FREE, metadata: madeBy(owner) });
}

function sourceUrl(place: AzurePlace, name: string): string {
  return signedUrl(place, name, { permissions: 'r', expiresAt: new Date(Date.now() + SOURCE_URL_MS) });
}
