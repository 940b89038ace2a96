import type { ChildProcess } from 'node:child_process';
import { appendFileSync, openSync } from 'node:fs';
import { join } from 'node:path';

import { PLANTED } from './log-secrets.mjs';

/** Where the run keeps what gateways write, to look for secrets in it at its end; absent outside of a run. */
const FOLDER = process.env['GATEHOLD_TEST_LOGS'];
const planted = new Set<string>();

/** Keeps what a gateway's process writes. */
export function keepLog({ pid = 0, stdout, stderr }: ChildProcess): void {
  if (FOLDER === undefined) return;
  const file = join(FOLDER, `${pid}.log`);
  for (const stream of [stdout, stderr])
    stream?.on('data', (chunk: Buffer) => {
      appendFileSync(file, chunk);
    });
}

/** Where a gateway inside this process can write what it logs. */
export function ownLog(): number | null {
  return FOLDER === undefined ? null : openSync(join(FOLDER, `inside-${process.pid}.log`), 'a');
}

/** Has the run fail when one of these stands in what any gateway writes. What is no text is none. */
export function plant(...secrets: unknown[]): void {
  for (const secret of secrets) {
    if (FOLDER === undefined || typeof secret !== 'string' || planted.has(secret)) continue;
    planted.add(secret);
    appendFileSync(join(FOLDER, PLANTED), `${secret}\n`);
  }
}
