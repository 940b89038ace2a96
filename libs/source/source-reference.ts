import { characterCount, isStorableText } from '#http';
import { isUuid } from '#kernel';

import { SourceErrors } from './source.errors.js';

const MAX_EXTERNAL_ID = 1024;

/** How a caller names a source: by its UUID, or by the caller's own id. */
export interface SourceReference {
  readonly sourceId: string | null;
  readonly externalId: string | null;
}

/** Takes a caller's id: what has the form of a UUID is the source's id, anything else its external id. */
export function toSourceReference(id: string): SourceReference {
  return isUuid(id) ? { sourceId: id.toLowerCase(), externalId: null } : { sourceId: null, externalId: id };
}

/** As {@link toSourceReference}, for ids in paths and queries: one that nothing can be stored under is not found. */
export function findableReference(id: string): SourceReference {
  if (!isExternalId(id)) throw SourceErrors.notFound();
  return toSourceReference(id);
}

/** Text of 1 to 1,024 characters that can be stored. */
export function isExternalId(id: string): boolean {
  return id.length > 0 && isStorableText(id) && characterCount(id) <= MAX_EXTERNAL_ID;
}
