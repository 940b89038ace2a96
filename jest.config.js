/**
 * Unit tests beside the code and the suites under test/, as native ES modules compiled by swc.
 * Run through `npm test`, which passes --experimental-vm-modules to Node, and says on which storage tenants are to be.
 */
import { readFileSync } from 'node:fs';

/** Suites that a run on another storage than the filesystem leaves out; the file has the reasons. */
function leftOut(storage = 'filesystem') {
  if (storage === 'filesystem') return [];
  const lists = JSON.parse(readFileSync(new URL('test/own-storage.json', import.meta.url), 'utf8'));
  return Object.keys({ ...lists.every, ...lists[storage] }).map((path) => `<rootDir>/${path}$`);
}

const libraries =
  'kernel|config|http|database|jobs|storage|storage-fs|storage-s3|storage-azure|binding|tenant|auth|idempotency|source|presign';

export default {
  rootDir: import.meta.dirname,
  roots: ['<rootDir>/apps', '<rootDir>/libs', '<rootDir>/test'],
  testPathIgnorePatterns: [
    '/node_modules/',
    ...leftOut(process.env.GATEHOLD_TEST_DEPLOYMENT ?? process.env.GATEHOLD_TEST_STORAGE),
  ],
  testEnvironment: 'node',
  // Suites wait a good part of their time; more of them at once would crowd small machines, since each that starts a
  // gateway has a PostgreSQL of its own beside it.
  maxWorkers: 3,
  // A bound on hanging, not on speed.
  testTimeout: 30_000,
  globalSetup: '<rootDir>/test/support/global-setup.mjs',
  globalTeardown: '<rootDir>/test/support/global-teardown.mjs',
  extensionsToTreatAsEsm: ['.ts'],
  moduleNameMapper: {
    [`^#((?:${libraries})(?:/testing)?)$`]: '<rootDir>/libs/$1/index.ts',
    '^#gatehold$': '<rootDir>/apps/gateway/src/gatehold.ts',
    '^(\\.{1,2}/.*)\\.js$': '$1',
  },
  transform: {
    '^.+\\.ts$': [
      '@swc/jest',
      {
        jsc: {
          parser: { syntax: 'typescript', decorators: true },
          transform: { legacyDecorator: true, decoratorMetadata: true, useDefineForClassFields: false },
          target: 'es2023',
        },
        module: { type: 'es6' },
      },
    ],
  },
};
