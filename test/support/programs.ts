import { describe, it } from '@jest/globals';
import { spawnSync } from 'node:child_process';

import { findExecutable, findExecutables } from './executables.js';

/** Programs of the operating system that some suites need, and the Debian package each comes in. */
export const PACKAGES = {
  aws: 'awscli',
  botocore: 'python3-botocore',
  ceph: 'ceph-common',
  'ceph-mon': 'ceph-mon',
  'ceph-osd': 'ceph-osd',
  chromium: 'chromium',
  curl: 'curl',
  faketime: 'faketime',
  haproxy: 'haproxy',
  nginx: 'nginx-light',
  python3: 'python3',
  radosgw: 'radosgw',
  wget: 'wget',
} as const;

/** A program of {@link PACKAGES}. */
export type Program = keyof typeof PACKAGES;

/** Where a program is; null when this machine does not have it. Of `botocore`, which is none: a Python that has it. */
export function findProgram(name: Program): string | null {
  if (name === 'botocore') return findExecutables('python3').find(hasBotocore) ?? null;
  return findExecutable(name);
}

function hasBotocore(python: string): boolean {
  return spawnSync(python, ['-c', 'import botocore']).status === 0;
}

/** Where a program is. Throws when this machine does not have it: use it inside {@link describeWith}. */
export function programPath(name: Program): string {
  const path = findProgram(name);
  if (path === null) throw new Error(`This machine has no ${name}.`);
  return path;
}

/**
 * A suite that needs programs which npm does not bring. Where one is missing the suite is skipped, and says so; with
 * `CI=true` it fails instead, because continuous integration installs them and must not leave the suite out.
 */
export function describeWith(programs: readonly Program[], title: string, body: () => void): void {
  const missing = programs.filter((name) => findProgram(name) === null);
  if (missing.length === 0) {
    describe(title, body);
    return;
  }
  const packages = missing.map((name) => PACKAGES[name]).join(' ');
  const reason = `needs ${missing.join(', ')} (Debian: ${packages})`;
  if (process.env['CI'] === 'true') {
    it(title, () => {
      throw new Error(`Left out: ${reason}.`);
    });
    return;
  }
  console.warn(`LEFT OUT: ${title}: ${reason}.`);
  describe['skip'](`${title}: ${reason}`, body);
}
