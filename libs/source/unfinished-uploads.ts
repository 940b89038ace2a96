import { type ObjectStorage, parseKeyPrefix, parseObjectKey } from '#storage';

/** Gives up the multipart uploads of some keys, all of one tenant, and touches no other upload. */
export async function abortUnfinished(storage: ObjectStorage, keys: readonly string[]): Promise<void> {
  const { multipart } = storage;
  const [tenantKey] = keys[0]?.split('/') ?? [];
  if (multipart === null || tenantKey === undefined) return;
  const wanted = new Set(keys);
  let after: string | undefined;
  do {
    const page = await multipart.listUnfinished(parseKeyPrefix(tenantKey), { after });
    for (const { key, uploadId } of page.uploads)
      if (wanted.has(key)) await multipart.abort(parseObjectKey(key), uploadId);
    after = page.next ?? undefined;
  } while (after !== undefined);
}
