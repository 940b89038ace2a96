import { CodedError } from '#kernel';
import { StorageErrors } from './storage.errors.js';

declare const checked: unique symbol;
declare const prefix: unique symbol;

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

/** What keys begin with: one to seven segments of an {@link ObjectKey}, without a slash at the end. */
export type KeyPrefix = string & { readonly [prefix]: true };

const KEY_PREFIX = new RegExp(`^${SEGMENT}(?:/${SEGMENT}){0,6}$`);

/** Takes text as a prefix. Throws `invalid_object_key`, without repeating the text, for any other shape. */
export function parseKeyPrefix(text: string): KeyPrefix {
  if (KEY_PREFIX.test(text)) return text as KeyPrefix;
  throw new CodedError(StorageErrors.invalidKey, 'A prefix of object keys is malformed.');
}
