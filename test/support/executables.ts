import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

// Debian keeps servers where an ordinary user's PATH does not look.
const FOLDERS = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/sbin', '/usr/local/sbin'];

/** Where a program of the operating system is; null when this machine does not have it. */
export function findExecutable(name: string): string | null {
  return findExecutables(name)[0] ?? null;
}

/** Every place where there is a program of that name, in the order in which they are looked for. */
export function findExecutables(name: string): string[] {
  return FOLDERS.filter((folder) => folder !== '')
    .map((folder) => join(folder, name))
    .filter(isExecutable);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
