import { inParallel } from '#storage';
import { randomUUID } from 'node:crypto';

import { isTaken, keyTaken } from './azure.errors.js';
import type { AzurePlace } from './azure.place.js';
import { signedUrl } from './azure.presigner.js';
import { findOwn } from './blob-head.js';
import { blockId, madeBy, MAX_BLOCKS } from './blocks.js';
import { IF_FREE, until } from './call-options.js';
import { takeBack } from './take-back.js';

/** What one "Copy Blob From URL" may copy. "Put Block From URL" takes up to 4,000 MiB, but answers once it is done. */
const WHOLE_BYTES = 256 * 1024 * 1024;
/** Blocks under way at once. */
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
  /** Up to how many bytes are copied by one request, and by each of several. Default and most: 256 MiB. */
  readonly blockBytes?: number;
  /** Called for every block that has been copied. */
  readonly onProgress?: (() => void) | undefined;
}

/**
 * Copies a blob to a name that is free, without its bytes coming here: what one request can copy by "Copy Blob From URL",
 * more by blocks that are read from the source: at most 50,000, of 256 MiB as long as those do. Either way the copy appears
 * whole. A taken name is `object_exists`,
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
    else await copyBlocks(place, copy, owner, blockBytesFor(sizeBytes, blockBytes), signal);
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
  { from, to, sizeBytes, onProgress }: BlobCopy,
  owner: string,
  blockBytes: number,
  signal: AbortSignal | undefined,
): Promise<void> {
  const blob = place.blob(to);
  const count = Math.ceil(sizeBytes / blockBytes);
  const starts = Array.from({ length: count }, (_, at) => at * blockBytes);
  const ids = await inParallel(starts, PARALLEL, async (start, cancelled) => {
    const id = blockId(owner, start / blockBytes + 1);
    const cut = signal === undefined ? cancelled : AbortSignal.any([cancelled, signal]);
    const length = Math.min(blockBytes, sizeBytes - start);
    await blob.stageBlockFromURL(id, sourceUrl(place, from), start, length, until(cut));
    onProgress?.();
    return id;
  });
  await blob.commitBlockList(ids, { ...until(signal), conditions: IF_FREE, metadata: madeBy(owner) });
}

/** No more blocks than a blob may have, so that of the very largest each is larger. */
function blockBytesFor(sizeBytes: number, wished: number): number {
  return Math.max(wished, Math.ceil(sizeBytes / MAX_BLOCKS));
}

function sourceUrl(place: AzurePlace, name: string): string {
  return signedUrl(place, name, { permissions: 'r', expiresAt: new Date(Date.now() + SOURCE_URL_MS) });
}
