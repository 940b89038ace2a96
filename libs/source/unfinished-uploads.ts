import { type MultipartUploads, type ObjectStorage, parseKeyPrefix, parseObjectKey } from '#storage';

/** Bytes that were on their way to an object, perhaps in parts. */
export interface UnfinishedWrite {
  readonly objectKey: string;
  /** The multipart upload of the write; null when it is not on record, and has to be looked for. */
  readonly multipartId: string | null;
}

/** Gives up the multipart uploads of some writes, all of one tenant, and touches no other upload. */
export async function abortUnfinished(
  storage: ObjectStorage,
  writes: readonly UnfinishedWrite[],
): Promise<void> {
  const { multipart } = storage;
  if (multipart === null) return;
  const unknown = new Set<string>();
  for (const { objectKey, multipartId } of writes) {
    if (multipartId === null) unknown.add(objectKey);
    else await multipart.abort(parseObjectKey(objectKey), multipartId);
  }
  await abortFound(multipart, unknown, null);
}

/**
 * Gives up what was begun under a key beside the upload that is on record. What is not on record by then never will be:
 * a gateway that stood still and had begun another is refused when it comes to put it there.
 */
export async function abortOthers(
  multipart: MultipartUploads,
  objectKey: string,
  recordedId: string,
): Promise<void> {
  await abortFound(multipart, new Set([objectKey]), recordedId);
}

async function abortFound(
  multipart: MultipartUploads,
  keys: ReadonlySet<string>,
  keptId: string | null,
): Promise<void> {
  const [tenantKey] = [...keys][0]?.split('/') ?? [];
  if (tenantKey === undefined) return;
  let after: string | undefined;
  do {
    const page = await multipart.listUnfinished(parseKeyPrefix(tenantKey), { after });
    for (const { key, uploadId } of page.uploads)
      if (keys.has(key) && uploadId !== keptId) await multipart.abort(parseObjectKey(key), uploadId);
    after = page.next ?? undefined;
  } while (after !== undefined);
}
