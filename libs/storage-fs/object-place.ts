import { randomUUID } from 'node:crypto';
import { parseObjectKey } from '#storage';

/** Where an object lies under the root: the folders down to it, and its file name. */
export interface ObjectPlace {
  readonly folders: readonly string[];
  readonly name: string;
}

const FOLDER = /^(?:[a-z0-9][a-z0-9-]*|_[a-z0-9-]{1,2})$/;
const OBJECT = /^[a-z0-9][a-z0-9-]*$/;
const TEMPORARY = /^\.[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\.tmp$/;

/**
 * The place of a key: `a/b/cdef` lies at `a/b/_ef/cdef`. The fan-out folder is made of the last characters, since
 * the first ones of a UUIDv7 are its time and hardly vary. Its underscore, which no key contains, keeps the map
 * injective: files lie in fan-out folders only, and fan-out folders hold nothing but files.
 */
export function objectPlace(key: string): ObjectPlace {
  const segments = parseObjectKey(key).split('/');
  const name = segments.pop() ?? '';
  return { folders: [...segments, `_${name.slice(-2)}`], name };
}

/** True for a folder name that objects can lie under. */
export function isObjectFolder(name: string): boolean {
  return FOLDER.test(name);
}

/** True for a name that an object's file can have. */
export function isObjectName(name: string): boolean {
  return OBJECT.test(name);
}

/** True for the name of a folder that holds files, and no folders. */
export function isFanOut(name: string): boolean {
  return name.startsWith('_');
}

/** A fresh name for a file that is still being written. Its dots keep it from ever being an object's. */
export function temporaryName(): string {
  return `.${randomUUID()}.tmp`;
}

/** True for names that {@link temporaryName} makes. */
export function isTemporaryName(name: string): boolean {
  return TEMPORARY.test(name);
}
