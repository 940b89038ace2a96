import { type ObjectKey, parseObjectKey, type SweepResult } from '#storage';

import type { AzureMultipartUploads } from './azure.multipart-uploads.js';

/**
 * Aborts the multipart uploads that were begun so long ago, by the service's clock. Blocks of puts whose process died are
 * not among them: nobody sees them, and the service drops them a week after the last one came ("Put Block").
 */
export async function sweepUploads(
  uploads: AzureMultipartUploads,
  olderThanMs: number,
  signal: AbortSignal | undefined,
): Promise<SweepResult> {
  const result = { removed: 0, failed: 0 };
  let after: string | undefined;
  do {
    const page = await uploads.listAll(after, signal);
    for (const { key, uploadId, startedAt } of page.uploads) {
      if (startedAt.getTime() >= page.now.getTime() - olderThanMs) continue;
      if (await isAborted(uploads, key, uploadId, signal)) result.removed += 1;
      else result.failed += 1;
    }
    after = page.next ?? undefined;
  } while (after !== undefined);
  return result;
}

async function isAborted(
  uploads: AzureMultipartUploads,
  key: string,
  uploadId: string,
  signal: AbortSignal | undefined,
): Promise<boolean> {
  try {
    const parsed: ObjectKey = parseObjectKey(key);
    await uploads.abort(parsed, uploadId, { signal });
    return true;
  } catch {
    return false;
  }
}
