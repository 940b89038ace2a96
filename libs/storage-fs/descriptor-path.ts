import { existsSync, readFileSync, readlinkSync } from 'node:fs';
import { realPath } from './file-calls.js';

const DESCRIPTORS = '/proc/self/fd';
const LIMITS = '/proc/self/limits';
const hasDescriptorPaths = existsSync(DESCRIPTORS);

/**
 * True when the open `descriptor` is what lies at `path` with no symbolic link on the way. O_NOFOLLOW guards the
 * last part of a path only; this guards the folders above it. The kernel answers from memory, so the synchronous
 * call never waits for a disk. Where there is no /proc, the path is resolved again, which a very fast attacker
 * could win; `viaDescriptor` picks the way.
 */
export async function isOpenAt(
  descriptor: number,
  path: string,
  viaDescriptor = hasDescriptorPaths,
): Promise<boolean> {
  if (!viaDescriptor) return (await realPath(path)) === path;
  const actual = readlinkSync(`${DESCRIPTORS}/${descriptor}`);
  // A file removed a moment ago is still the file that lay there.
  return actual === path || actual === `${path} (deleted)`;
}

/**
 * A path that goes through an open folder rather than by its name, as openat(2) would: whatever is put in the
 * folder's place meanwhile, it leads into the folder that was opened.
 */
export function pathThrough(descriptor: number, path: string): string {
  return hasDescriptorPaths ? `${DESCRIPTORS}/${descriptor}` : path;
}

/**
 * True when the open `descriptor` is certain to be what lies at `path` now: neither removed nor moved since it was opened.
 * False where there is no /proc to tell.
 */
export function isStillAt(descriptor: number, path: string): boolean {
  return hasDescriptorPaths && readlinkSync(`${DESCRIPTORS}/${descriptor}`) === path;
}

/** How many descriptors this process may have open; 0 where there is no /proc to tell. */
export function descriptorLimit(): number {
  if (!hasDescriptorPaths) return 0;
  const [, soft = ''] = /^Max open files +(\S+)/m.exec(readFileSync(LIMITS, 'utf8')) ?? [];
  return soft === 'unlimited' ? Infinity : Number(soft);
}
