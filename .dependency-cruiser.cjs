/**
 * The rules of the house: who may import whom. Checked in `npm test`; test/house/dependency-rules.spec.ts shows that
 * each of them bites. What reads the environment is eslint's to check.
 */

/** Lowest first. A lib imports libs of lower floors only; those of one floor do not know each other. */
const FLOORS = [
  ['kernel'],
  ['config', 'http', 'database', 'storage', 'jobs'],
  ['audit'],
  ['limits'],
  ['tenant'],
  ['auth', 'idempotency'],
  ['binding'],
  ['presign'],
  ['source'],
];

/** Storage adapters stand beside the floors: on the port and the kernel, under nobody. */
const ADAPTERS = '^libs/storage-[^/]+/';

/** The only files that choose implementations. */
const COMPOSITION_ROOT = '^apps/[^/]+/src/app\\.module\\.ts$';

/** Tests may look behind any door. */
const TESTS = '\\.spec\\.ts$|^test/|^libs/[^/]+/testing/';

const floorRules = FLOORS.map((floor, level) => {
  const below = [...FLOORS.slice(0, level).flat()].join('|');
  return {
    name: `floor-${floor.join('-')}`,
    comment: `Nothing upward or sideways: ${floor.join(', ')} may import ${below === '' ? 'no lib' : below.replaceAll('|', ', ')}.`,
    severity: 'error',
    from: { path: `^libs/(${floor.join('|')})/`, pathNot: TESTS },
    to: { path: '^libs/', pathNot: ['^libs/$1/', ...(below === '' ? [] : [`^libs/(${below})/`])] },
  };
});

module.exports = {
  forbidden: [
    {
      name: 'no-cycles',
      comment: 'Modules in a circle, types included, can only be understood, loaded and changed together.',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    {
      name: 'libs-not-apps',
      comment: 'A lib that knows an app cannot be used by the other one.',
      severity: 'error',
      from: { path: '^libs/' },
      to: { path: '^apps/' },
    },
    {
      name: 'code-not-tests',
      comment: 'What runs in production must not need what only tests have.',
      severity: 'error',
      from: { path: '^(apps|libs)/', pathNot: TESTS },
      to: { path: TESTS },
    },
    {
      name: 'lib-by-its-index',
      comment: 'What a lib does not export from its index.ts (testing/index.ts for tests) is free to change.',
      severity: 'error',
      from: { path: '^(?:libs/([^/]+)|apps|test)/' },
      to: { path: '^libs/[^/]+/', pathNot: ['^libs/$1/', '^libs/[^/]+/(testing/)?index\\.ts$'] },
    },
    ...floorRules,
    {
      name: 'adapter-on-port',
      comment:
        'An adapter knows the storage port and the kernel, so that one more can be written the same way.',
      severity: 'error',
      from: { path: '^libs/(storage-[^/]+)/', pathNot: TESTS },
      to: { path: '^libs/', pathNot: ['^libs/$1/', '^libs/(kernel|storage)/'] },
    },
    {
      name: 'adapter-chosen-once',
      comment:
        'Features use the storage port; which adapter stands behind it is said in app.module.ts alone.',
      severity: 'error',
      from: { path: '^(apps|libs)/', pathNot: [ADAPTERS, COMPOSITION_ROOT, TESTS] },
      to: { path: ADAPTERS },
    },
    {
      name: 'client-alone',
      comment: 'The client is for other programs: it knows the API, not the gateway.',
      severity: 'error',
      from: { path: '^libs/client/', pathNot: TESTS },
      to: { path: '^libs/', pathNot: '^libs/client/' },
    },
    {
      name: 'aws-in-storage-s3',
      comment: 'The AWS SDK stays replaceable while one adapter alone knows it.',
      severity: 'error',
      from: { path: '^(apps|libs)/', pathNot: '^libs/storage-s3/' },
      to: { path: 'node_modules/(@aws-sdk|@smithy)/' },
    },
    {
      name: 'azure-in-storage-azure',
      comment: 'The Azure SDK stays replaceable while one adapter alone knows it.',
      severity: 'error',
      from: { path: '^(apps|libs)/', pathNot: '^libs/storage-azure/' },
      to: { path: 'node_modules/@azure/' },
    },
    {
      name: 'fastify-in-http',
      comment: 'Features speak in terms of libs/http, so that the HTTP server is one decision in one place.',
      severity: 'error',
      from: { path: '^libs/', pathNot: '^libs/http/' },
      to: { path: 'node_modules/(fastify|@fastify|@nestjs/platform-fastify)/' },
    },
    {
      name: 'sql-in-stores',
      comment: 'Every query on a tenant-owned table has to pass the one place that sets the tenant.',
      severity: 'error',
      from: { path: '^(apps|libs)/', pathNot: ['^libs/database/', '\\.(entity|store)(\\.spec)?\\.ts$'] },
      to: { path: 'node_modules/(typeorm|pg|@types/pg|pg-[^/]+)/' },
    },
    {
      name: 'kernel-pure',
      comment: 'The kernel is plain TypeScript: every other part can afford to stand on it.',
      severity: 'error',
      from: { path: '^libs/kernel/', pathNot: TESTS },
      to: { dependencyTypesNot: ['core', 'local', 'aliased'] },
    },
    {
      name: 'no-undeclared-package',
      comment: 'A package that package.json does not name for production is missing in the image.',
      severity: 'error',
      from: { path: '^(apps|libs)/', pathNot: TESTS },
      to: {
        dependencyTypes: ['npm-dev', 'npm-no-pkg', 'npm-unknown'],
        dependencyTypesNot: ['npm', 'npm-optional', 'type-only'],
      },
    },
    {
      name: 'resolvable',
      comment: 'An import that cannot be found escapes every rule above.',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '^dist/' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.cruise.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'default', 'types'],
      extensions: ['.ts', '.js', '.mjs', '.cjs', '.d.ts', '.json'],
      mainFields: ['module', 'main', 'types'],
    },
  },
};
