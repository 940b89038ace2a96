import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

const ROOT = join(import.meta.dirname, '..', '..');
const CRUISER = join(ROOT, 'node_modules', 'dependency-cruiser', 'bin', 'dependency-cruise.mjs');

/** A small house in which every rule is broken once: the file that breaks it and the import that does. */
const BREAKS: Record<string, [file: string, imports: string][]> = {
  'no-cycles': [['libs/http/round.ts', "import type { Trip } from './trip.js'"]],
  'libs-not-apps': [['libs/source/up.ts', "import '../../apps/gateway/src/main.js'"]],
  'code-not-tests': [['libs/auth/lazy.ts', "import '#storage/testing'"]],
  'lib-by-its-index': [
    ['libs/auth/side-door.ts', "import '../tenant/inside.js'"],
    ['apps/gateway/src/side-door.ts', "import '../../../libs/tenant/inside.js'"],
    ['libs/auth/side-door.spec.ts', "import '../tenant/inside.js'"],
  ],
  'floor-kernel': [['libs/kernel/up.ts', "import '#config'"]],
  'floor-config-http-database-storage-jobs': [
    ['libs/http/sideways.ts', "import '#database'"],
    ['libs/database/up.ts', "import type { Audit } from '#audit'"],
  ],
  'floor-audit': [['libs/audit/up.ts', "import '#tenant'"]],
  'floor-limits': [['libs/limits/up.ts', "import '#tenant'"]],
  'floor-tenant': [['libs/tenant/up.ts', "import '#auth'"]],
  'floor-auth-idempotency': [
    ['libs/auth/up.ts', "import '#presign'"],
    ['libs/idempotency/sideways.ts', "import '#auth'"],
  ],
  'floor-binding': [['libs/binding/up.ts', "import '#presign'"]],
  'floor-presign': [['libs/presign/up.ts', "import '#source'"]],
  'floor-source': [['libs/source/client.ts', "import '#client'"]],
  'adapter-on-port': [['libs/storage-s3/up.ts', "import '#tenant'"]],
  'adapter-chosen-once': [
    ['libs/source/adapter.ts', "import '#storage-s3'"],
    ['apps/gateway/src/upload.ts', "import '#storage-s3'"],
  ],
  'client-alone': [['libs/client/kernel.ts', "import '#kernel'"]],
  'aws-in-storage-s3': [['libs/presign/sign.ts', "import '@aws-sdk/client-s3'"]],
  'azure-in-storage-azure': [['libs/storage-s3/azure.ts', "import '@azure/storage-blob'"]],
  'fastify-in-http': [['libs/source/reply.ts', "import type { FastifyReply } from 'fastify'"]],
  'sql-in-stores': [
    ['libs/tenant/tenant.service.ts', "import 'typeorm'"],
    ['apps/gateway/src/query.ts', "import type { Client } from 'pg'"],
  ],
  'kernel-pure': [['libs/kernel/pino.ts', "import 'pino'"]],
  'no-undeclared-package': [
    ['libs/http/dev.ts', "import 'fast-check'"],
    ['libs/http/stray.ts', "import 'left-behind'"],
  ],
  resolvable: [['libs/http/lost.ts', "import '#nowhere'"]],
};

/** Files that use every liberty the rules leave. */
const KEEPS: Record<string, string> = {
  'libs/kernel/index.ts': "import 'node:crypto'",
  'libs/config/index.ts': "import '#kernel'",
  'libs/http/index.ts': "import 'fastify'",
  'libs/http/trip.ts': "import './round.js'; export type Trip = 1",
  'libs/database/index.ts': "import 'typeorm'; import 'pg'",
  'libs/storage/index.ts': "import '#kernel'",
  'libs/storage/testing/index.ts': "import '../index.js'; import 'fast-check'",
  'libs/storage-s3/index.ts': "import '#storage'; import '@aws-sdk/client-s3'",
  'libs/audit/index.ts': "import '#database'; import '#http'",
  'libs/tenant/index.ts': "import './inside.js'; import '#audit'; import '#config'",
  'libs/tenant/inside.ts': 'export {}',
  'libs/tenant/tenant.store.ts': "import 'typeorm'",
  'libs/tenant/tenant.spec.ts': "import 'fast-check'; import '#storage/testing'; import '#storage-s3'",
  'libs/auth/index.ts': "import '#tenant'",
  'libs/idempotency/index.ts': "import '#tenant'",
  'libs/presign/index.ts': "import '#auth'",
  'libs/source/index.ts': "import '#presign'; import '#idempotency'; import '#storage'; import '#kernel'",
  'libs/client/index.ts': 'export {}',
  'apps/gateway/src/main.ts': "import './app.module.js'; import 'fastify'",
  'apps/gateway/src/app.module.ts': "import '#source'; import '#storage-s3'",
  'test/e2e/up.spec.ts': "import '#database'; import 'pg'; import 'fast-check'",
};

const PACKAGES = [
  'typeorm',
  'pg',
  'fastify',
  'pino',
  'fast-check',
  'left-behind',
  '@aws-sdk/client-s3',
  '@azure/storage-blob',
];
const DEVELOPMENT_ONLY = ['fast-check'];
const UNDECLARED = ['left-behind'];

interface Violation {
  readonly rule: { readonly name: string };
  readonly from: string;
}

let house: string;
let violations: string[];

async function put(path: string, content: string): Promise<void> {
  const full = join(house, path);
  await mkdir(dirname(full), { recursive: true });
  await writeFile(full, content);
}

async function build(): Promise<void> {
  const broken = Object.values(BREAKS).flat();
  for (const [path, content] of [...Object.entries(KEEPS), ...broken]) await put(path, `${content};\n`);
  for (const name of PACKAGES) {
    await put(
      `node_modules/${name}/package.json`,
      JSON.stringify({ name, version: '1.0.0', main: 'index.js' }),
    );
    await put(`node_modules/${name}/index.js`, '');
  }
  const declared = (names: string[]): Record<string, string> =>
    Object.fromEntries(names.map((name) => [name, '1.0.0']));
  const production = PACKAGES.filter((name) => ![...DEVELOPMENT_ONLY, ...UNDECLARED].includes(name));
  await put(
    'package.json',
    JSON.stringify({
      type: 'module',
      dependencies: declared(production),
      devDependencies: declared(DEVELOPMENT_ONLY),
    }),
  );
  for (const name of ['tsconfig.json', 'tsconfig.cruise.json', '.dependency-cruiser.cjs'])
    await cp(join(ROOT, name), join(house, name));
}

beforeAll(async () => {
  house = await mkdtemp(join(tmpdir(), 'gatehold-house-'));
  await build();
  const args = [CRUISER, '--output-type', 'json', 'apps', 'libs', 'test'];
  const options = { cwd: house, maxBuffer: 2 ** 26 };
  const { stdout } = await promisify(execFile)(process.execPath, args, options).catch((error: unknown) => {
    // It exits with the number of violations, which here is the point.
    return error as { stdout: string };
  });
  const report = JSON.parse(stdout) as { summary: { violations: Violation[] } };
  violations = report.summary.violations.map(({ rule, from }) => `${rule.name}: ${from}`);
}, 60_000);

afterAll(() => rm(house, { recursive: true, force: true }));

describe('the rules of the house', () => {
  it.each(Object.entries(BREAKS))('%s stops each file that breaks it', (rule, breaks) => {
    for (const [file] of breaks) expect(violations).toContain(`${rule}: ${file}`);
  });

  it('leave every file alone that keeps them', () => {
    const about = (file: string): string[] =>
      violations.filter((violation) => violation.endsWith(`: ${file}`));
    // Either end of a cycle may be named as its beginning.
    const kept = Object.keys(KEEPS).filter((file) => file !== 'libs/http/trip.ts');
    expect(kept.flatMap(about)).toEqual([]);
  });

  it('are all shown to bite, and each says why it is there', () => {
    const { forbidden } = createRequire(import.meta.url)(join(ROOT, '.dependency-cruiser.cjs')) as {
      forbidden: { name: string; comment: string; severity: string }[];
    };
    expect(forbidden.map(({ name }) => name).sort()).toEqual(Object.keys(BREAKS).sort());
    for (const { comment, severity } of forbidden) {
      expect(comment).toMatch(/^[A-Z].*\.$/);
      expect(severity).toBe('error');
    }
  });
});
