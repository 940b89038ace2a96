import type { ListedObject } from '#storage';
import { statPath } from './file-calls.js';
import { errnoOf } from './filesystem.errors.js';
import type { Folder } from './folder.js';
import { entityTagOf } from './object-file.js';
import { isObjectName } from './object-place.js';
import type { Path } from './tree-page.js';

/**
 * What a list shows of a file: an object, or null for what `get` would refuse or not find. A second hard link is the
 * mark of a put that is not yet acknowledged, or of somebody else's doing.
 */
export async function listedObject(folder: Folder, path: Path): Promise<ListedObject | null> {
  const name = path.at(-1) ?? '';
  if (!isObjectName(name)) return null;
  const stats = await statPath(folder.at(name), { bigint: true }).catch((error: unknown) => {
    if (errnoOf(error) === 'ENOENT') return null;
    throw error;
  });
  if (stats === null || !stats.isFile() || stats.nlink > 1n) return null;
  return {
    key: keyAt(path, name),
    sizeBytes: Number(stats.size),
    modifiedAt: stats.mtime,
    entityTag: entityTagOf(stats),
  };
}

/** The key of the object called `name` beside the file at `path`. */
export function keyAt(path: Path, name: string): string {
  return [...path.slice(0, -2), name].join('/');
}
