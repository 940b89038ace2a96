import { readdir, readlink } from 'node:fs/promises';

/**
 * What a process of this machine has open, by kind: `socket`, `pipe`, `anon_inode`, or the path of a file. Empty where
 * there is no /proc.
 */
export async function openDescriptors(pid: number): Promise<string[]> {
  const folder = `/proc/${pid}/fd`;
  const numbers = await readdir(folder).catch(() => []);
  const targets = await Promise.all(
    numbers.map((number) => readlink(`${folder}/${number}`).catch(() => null)),
  );
  return targets.filter((target) => target !== null).map((target) => target.replace(/:.*/, ''));
}
