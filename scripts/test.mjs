/**
 * `npm test`: makes the clone ready, then runs the static checks side by side and jest after them.
 *
 *   npm test                          everything
 *   npm test -- libs/kernel -t page   jest alone, with these arguments
 *   npm test -- --storage=ceph        test/e2e and test/isolation, or the paths that follow, with their tenants on Ceph
 *   npm test -- --storage=azure       the same on Azurite
 *   npm test -- --storage=memory      the same on the second deployment (test/deployment), which has them in memory
 *   npm test -- --cache=off PATHS     with gateways that keep nothing of what they read (GATEHOLD_CACHE)
 *   npm test -- --results=FILE        everything, and a summary as JSON in FILE (what .ci/run counts)
 *   npm test -- --results=FILE test   jest alone, with a summary
 */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Interrupted, run } from './child.mjs';
import { prepare, ROOT } from './prepare.mjs';

const bin = (...path) => join(ROOT, 'node_modules', ...path);
const TYPES_CACHE = bin('.cache', 'gatehold', 'types.tsbuildinfo');

/** Name and command line (run by this Node.js) of every check that executes no code of Gatehold's. */
const CHECKS = [
  ['prettier', bin('prettier', 'bin', 'prettier.cjs'), '--check', '--log-level=warn', '.'],
  ['eslint', bin('eslint', 'bin', 'eslint.js'), '.', '--max-warnings=0'],
  [
    'tsc',
    bin('typescript', 'bin', 'tsc'),
    '-p',
    'tsconfig.json',
    '--noEmit',
    '--tsBuildInfoFile',
    TYPES_CACHE,
  ],
  ['dependency-cruiser', bin('dependency-cruiser', 'bin', 'dependency-cruise.mjs'), 'apps', 'libs', 'test'],
];

/** Storages that the suites' tenants may be on, and the suites that run on each when no paths are given. */
const STORAGES = {
  filesystem: [],
  ceph: ['test/e2e', 'test/isolation'],
  azure: ['test/e2e', 'test/isolation'],
  memory: ['test/e2e', 'test/isolation'],
};

const [results, withoutResults] = takeOption('results', process.argv.slice(2));
const [cache = 'on', withoutCache] = takeOption('cache', withoutResults);
const [storage = 'filesystem', withoutStorage] = takeOption('storage', withoutCache);
if (cache !== 'on' && cache !== 'off') {
  console.error(`--cache=${cache} is neither on nor off.`);
  process.exit(2);
}
if (!Object.hasOwn(STORAGES, storage)) {
  console.error(`--storage=${storage} is none of ${Object.keys(STORAGES).join(', ')}.`);
  process.exit(2);
}
const namesPath = withoutStorage.some((arg) => /^(?:\.\/)?(?:apps|libs|test)\b/.test(arg));
const jestArguments = namesPath ? withoutStorage : [...STORAGES[storage], ...withoutStorage];

try {
  await prepare();
  process.exitCode = jestArguments.length > 0 ? await some(jestArguments) : await everything();
} catch (error) {
  if (!(error instanceof Interrupted)) throw error;
  process.exitCode = error.exitCode;
}

/** The value of `--NAME=VALUE`, undefined without one, and the other arguments. */
function takeOption(name, args) {
  const isOption = (arg) => arg.startsWith(`--${name}=`);
  return [args.find(isOption)?.slice(name.length + 3), args.filter((arg) => !isOption(arg))];
}

async function some(args) {
  const code = await jest(args);
  if (results !== undefined) addChecks([]);
  return code;
}

async function everything() {
  const checks = await Promise.all(CHECKS.map(check));
  const failed = checks.filter(({ passed }) => !passed).map(({ name }) => name);
  const code = await jest([]);
  if (results !== undefined) addChecks(checks);
  if (failed.length > 0)
    console.error(`\nnpm test fails: ${failed.join(', ')}${code === 0 ? '' : ' and jest'}.`);
  return failed.length > 0 ? 1 : code;
}

async function check([name, ...command]) {
  const started = performance.now();
  const output = [];
  const code = await run(process.execPath, command, { cwd: ROOT, output });
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  console.error(`${code === 0 ? 'passed' : 'FAILED'}  ${name} (${seconds} s)`);
  if (code !== 0) process.stderr.write(Buffer.concat(output));
  return { name, passed: code === 0 };
}

/** Native ES modules in jest need a flag of Node's, which prints a warning in every worker unless it is told not to. */
async function jest(args) {
  const flags = ['--experimental-vm-modules', '--disable-warning=ExperimentalWarning'];
  if (results !== undefined) rmSync(results, { force: true });
  const summary = results === undefined ? [] : ['--json', `--outputFile=${results}`];
  return run(process.execPath, [...flags, bin('jest', 'bin', 'jest.js'), ...summary, ...args], {
    cwd: ROOT,
    env: { ...process.env, ...environmentOf(storage) },
    stdout: 'inherit',
  });
}

/** The second deployment has another storage of its own; a tenant has to ask for nothing to be on it. */
function environmentOf(name) {
  const deployed =
    name === 'memory'
      ? { GATEHOLD_TEST_STORAGE: 'filesystem', GATEHOLD_TEST_DEPLOYMENT: 'memory' }
      : { GATEHOLD_TEST_STORAGE: name };
  return { ...deployed, GATEHOLD_TEST_CACHE: cache };
}

function addChecks(checks) {
  const tests = JSON.parse(readFileSync(results, 'utf8'));
  mkdirSync(join(results, '..'), { recursive: true });
  writeFileSync(results, JSON.stringify({ ...tests, checks }));
}
