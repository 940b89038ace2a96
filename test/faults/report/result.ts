import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';

import type { Result } from '../ledger/entry.js';
import type { Run } from '../run.js';
import type { Session } from '../session.js';
import type { FaultTally, KillPoint, LeftOut, Violation } from './report.js';

/** What a run came to. */
export interface RunResult {
  readonly seed: string;
  readonly storage: string;
  readonly seconds: number;
  readonly versions: Readonly<Record<string, string>>;
  readonly operations: ReadonlyMap<string, Record<Result, number>>;
  readonly faults: ReadonlyMap<string, FaultTally>;
  readonly leftOut: readonly LeftOut[];
  readonly violations: readonly Violation[];
  readonly visiblyBroken: number;
  readonly failures: number;
  readonly killPoints: ReadonlyMap<string, readonly KillPoint[]>;
  readonly logLines: number;
}

/** Gathers it once the run is over. */
export async function resultOf(run: Run, session: Session, durationMs: number): Promise<RunResult> {
  const { world, report } = run;
  return {
    seed: run.seed,
    storage: world.place.storage,
    seconds: durationMs / 1000,
    versions: await versionsOf(run),
    operations: report.operations,
    faults: report.faults,
    leftOut: session.leftOut,
    violations: report.violations,
    visiblyBroken: report.visiblyBroken,
    failures: report.failures.length,
    killPoints: report.killPoints,
    logLines: run.report.logLines,
  };
}

async function versionsOf({ world }: Run): Promise<Record<string, string>> {
  const [server] = await world.postgres.query<{ version: string }>(
    "SELECT current_setting('server_version') AS version",
  );
  const root = new URL('../../../', import.meta.url);
  const { version } = JSON.parse(await readFile(new URL('package.json', root), 'utf8')) as {
    version: string;
  };
  const commit = await promisify(execFile)('git', ['rev-parse', '--short=12', 'HEAD'], { cwd: root }).then(
    ({ stdout }) => ` (${stdout.trim()})`,
    () => '',
  );
  return {
    Gatehold: `${version}${commit}`,
    'Node.js': process.versions.node,
    PostgreSQL: server?.version ?? 'unknown',
    storage: world.place.version,
  };
}
