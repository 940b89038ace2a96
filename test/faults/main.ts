import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { Choices } from './choices.js';
import { History } from './ledger/history.js';
import { Ledger } from './ledger/ledger.js';
import { FIXED_SEED, OptionsError, parseOptions, type Options } from './options.js';
import { resultOf, type RunResult } from './report/result.js';
import { summary, verdict } from './report/summary.js';
import { writePage } from './report/page.js';
import { Report } from './report/report.js';
import { readRoutes } from './routes.js';
import type { Run } from './run.js';
import { selfTest } from './self-test/self-test.js';
import { Session } from './session.js';
import { Shelf } from './workload/shelf.js';
import { CephPlace } from './world/ceph-place.js';
import { Closers } from './world/closers.js';
import type { StorageName } from './world/place.js';
import { World } from './world/world.js';

/** What is kept of a run that found something. */
const OUTPUT = fileURLToPath(new URL('../output/faults', import.meta.url));

const say = (line: string): void => void process.stderr.write(`${line}\n`);

/** Runs the harness as a command line asks for; answers the exit code: 0 when nothing failed. */
export async function runFaults(args: readonly string[]): Promise<number> {
  let options: Options;
  try {
    options = parseOptions(args);
  } catch (error) {
    if (!(error instanceof OptionsError)) throw error;
    say(error.message);
    return 2;
  }
  const obstacle = options.storages.includes('ceph') && !options.selfTest ? CephPlace.obstacle() : null;
  if (obstacle !== null) {
    say(`Ceph cannot be started: ${obstacle}. With --storage filesystem nothing needs it.`);
    return 2;
  }
  if (options.selfTest) return await testItself(options.seeds[0] ?? FIXED_SEED);
  const results: RunResult[] = [];
  for (const seed of options.seeds)
    for (const storage of options.storages) results.push(await runOnce(seed, storage, options));
  process.stdout.write(`${summary(results, options.only)}\n`);
  if (options.report !== null) await writePage(options.report, results);
  return verdict(results, options.only).failed > 0 ? 1 : 0;
}

function runOnce(seed: string, storage: StorageName, options: Options): Promise<RunResult> {
  return inWorld(seed, storage, say, async (run, keep) => {
    const result = await play(run, options);
    if (result.violations.length > 0) say(`What there is to be seen of it is in ${keep()}.`);
    return result;
  });
}

/** Answers the exit code. */
async function testItself(seed: string): Promise<number> {
  const { passed, failures } = await inWorld(
    seed,
    'filesystem',
    () => undefined,
    (run) => selfTest(run, say),
  );
  for (const failure of failures) process.stdout.write(`${failure}\n`);
  process.stdout.write(`${passed} passed, ${failures.length} failed\n`);
  return failures.length > 0 ? 1 : 0;
}

/** Makes a world, works in it and removes it. `keep` keeps what there is to be seen of the run, and says where. */
async function inWorld<T>(
  seed: string,
  storage: StorageName,
  onViolation: (line: string) => void,
  work: (run: Run, keep: () => string) => Promise<T>,
): Promise<T> {
  say(`Seed ${seed} on ${storage} ...`);
  const closers = new Closers();
  const forget = closeOnSignals(closers);
  let isKept = false;
  try {
    const folder = await mkdtemp(join(tmpdir(), 'gatehold-faults-'));
    closers.add(() => rm(folder, { recursive: true, force: true, maxRetries: 5 }));
    const output = join(OUTPUT, `${storage}-${seed}-${Date.now()}`);
    await mkdir(output, { recursive: true });
    closers.add(async () => {
      if (!isKept) await rm(output, { recursive: true });
    });
    const world = await World.make({ folder, output, storage }, closers);
    const run = await makeRun(seed, world, output, onViolation);
    closers.add(() => run.ledger.close());
    return await work(run, () => {
      isKept = true;
      return output;
    });
  } catch (error) {
    isKept = true;
    throw error;
  } finally {
    await closers.close();
    forget();
  }
}

async function play(run: Run, { minutes, only }: Options): Promise<RunResult> {
  const started = performance.now();
  const session = new Session(run, { durationMs: (minutes ?? 0) * 60_000, only, say });
  await session.play();
  return resultOf(run, session, performance.now() - started);
}

/** Nothing goes on when the harness is told to stop. Answers how to take that back. */
function closeOnSignals(closers: Closers): () => void {
  const handlers = Object.entries({ SIGINT: 130, SIGTERM: 143, SIGHUP: 129 }).map(([signal, code]) => {
    const handler = (): void => {
      void closers.close().finally(() => process.exit(code));
    };
    process.once(signal, handler);
    return () => process.off(signal, handler);
  });
  return () => handlers.forEach((forget) => forget());
}

async function makeRun(
  seed: string,
  world: World,
  output: string,
  onViolation: (line: string) => void,
): Promise<Run> {
  const history = new History();
  const ledger = await Ledger.create(join(output, 'ledger.jsonl'), (line) => history.apply(line));
  const report = new Report(onViolation);
  report.ledger = ledger;
  await ledger.append({ type: 'run', seed, storage: world.place.storage });
  const counter = (): (() => number) => {
    let last = 0;
    return () => (last += 1);
  };
  return {
    seed,
    world,
    ledger,
    history,
    report,
    shelf: new Shelf(),
    routes: await readRoutes(world.gateways[0].url),
    choices: new Choices(seed),
    nextOp: counter(),
    nextWrite: counter(),
  };
}
