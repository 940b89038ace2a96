import type { AzurePlace } from './azure.place.js';
import { isAbsent } from './azure.errors.js';
import { findHead } from './blob-head.js';
import { isBlockOf, isMadeBy, madeBy } from './blocks.js';
import { IF_FREE, until } from './call-options.js';

/** How long the cleaning up after a failure may take, since the call's own signal may have fired. Milliseconds. */
const CLEAN_UP_MS = 10_000;

/**
 * Removes what a failed put or copy may have left under a name: the object, if its answer was lost, or blocks that were
 * never committed. The service has no call for the latter; it drops them when a blob is put in their place, so an empty
 * one is put there and removed at once. Where somebody else has an object or blocks under the name too, ours are left:
 * they are seen by nobody, and the service drops them a week after the last one came ("Put Block").
 *
 * Never fails: what could not be removed is left to that week.
 */
export async function takeBack(place: AzurePlace, name: string, owner: string): Promise<void> {
  await remove(place, name, owner, AbortSignal.timeout(CLEAN_UP_MS)).catch(() => undefined);
}

async function remove(place: AzurePlace, name: string, owner: string, signal: AbortSignal): Promise<void> {
  const blob = place.blob(name);
  const head = await findHead(place, name, signal);
  if (head !== null && !isMadeBy(owner, head.metadata)) return;
  const entityTag = head?.entityTag ?? (await dropBlocks(place, name, owner, signal));
  if (entityTag != null) await blob.delete({ ...until(signal), conditions: { ifMatch: entityTag } });
}

/** Puts an empty blob over uncommitted blocks, if all of them are ours; answers its tag. */
async function dropBlocks(
  place: AzurePlace,
  name: string,
  owner: string,
  signal: AbortSignal,
): Promise<string | undefined> {
  const blob = place.blob(name);
  const lists = await blob.getBlockList('uncommitted', until(signal)).catch((error: unknown) => {
    if (isAbsent(error)) return null;
    throw error;
  });
  const blocks = lists?.uncommittedBlocks ?? [];
  if (blocks.length === 0 || !blocks.every((block) => isBlockOf(owner, block.name))) return undefined;
  const { etag } = await blob.upload('', 0, {
    ...until(signal),
    conditions: IF_FREE,
    metadata: madeBy(owner),
  });
  return etag;
}
