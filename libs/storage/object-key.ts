import { CodedError } from '#kernel';
import { StorageErrors } from './storage.errors.js';

declare const checked: unique symbol;

/**
 * The name of an object inside a storage: `segment/segment`, two to eight segments of `[a-z0-9][a-z0-9-]*`, each
 * of at most 128 characters. No dots, no upper case, no empty segment: it can neither climb out of a folder nor
 * collide on a case-folding file system, and it needs no escaping in a URL.
 */
export type ObjectKey = string & { readonly [checked]: true };

const SEGMENT = '[a-z0-9][a-z0-9-]{0,127}';
const OBJECT_KEY = new RegExp(`^${SEGMENT}(?:/${SEGMENT}){1,7}$`);

/** True for text of the shape of an {@link ObjectKey}. */
export function isObjectKey(text: string): text is ObjectKey {
  return OBJECT_KEY.test(text);
}

/** Takes text as an object key. Throws `invalid_object_key`, without repeating the text, for any other shape. */
export function parseObjectKey(text: string): ObjectKey {
  if (isObjectKey(text)) return text;
  throw new CodedError(StorageErrors.invalidKey, 'An object key is malformed.');
}
