import type { Choices } from './choices.js';
import type { Content } from './content/pattern.js';
import type { Owner } from './content/owner.js';
import type { History } from './ledger/history.js';
import type { Version } from './ledger/entry.js';
import type { Ledger } from './ledger/ledger.js';
import type { Report } from './report/report.js';
import type { Shelf } from './workload/shelf.js';
import type { World } from './world/world.js';

/** What everything of one run shares. */
export interface Run {
  readonly seed: string;
  readonly world: World;
  readonly ledger: Ledger;
  /** The ledger, as far as it has been written. */
  readonly history: History;
  readonly shelf: Shelf;
  readonly report: Report;
  /** Calls that the gateways have, as `METHOD /path`, and headers that a call takes, as `METHOD /path header`. */
  readonly routes: ReadonlySet<string>;
  readonly choices: Choices;
  /** Numbers for operations and for writes, each used once. */
  readonly nextOp: () => number;
  readonly nextWrite: () => number;
}

/** The content that a version of an owner's has. */
export function contentOf(run: Run, owner: Owner, version: Pick<Version, 'write' | 'sizeBytes'>): Content {
  return { run: run.seed, ownerCode: owner.code, write: version.write, sizeBytes: version.sizeBytes };
}
