import { inspect } from 'node:util';
import { isAbsolute, resolve } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { ConfigError, parseConfig, type ConfigFault, type GatewayConfig } from './index.js';

const ROOT_TOKEN = '4f1c2a9be07d35866b1e0a7c9d24f3b8';
const MASTER_KEY = Buffer.from(Array.from({ length: 32 }, (_, index) => index)).toString('base64');

function faultsOf(env: NodeJS.ProcessEnv): readonly ConfigFault[] {
  try {
    parseConfig(env);
  } catch (error) {
    if (error instanceof ConfigError) return error.faults;
    throw error;
  }
  return [];
}

function namesOf(env: NodeJS.ProcessEnv): string[] {
  return faultsOf(env).map((fault) => fault.name);
}

describe('parseConfig', () => {
  it('gives every documented default when nothing is set', () => {
    expect(parseConfig({})).toEqual({
      http: {
        port: 8080,
        host: '127.0.0.1',
        publicUrl: null,
        trustedProxies: [],
        organizationHeader: 'x-anyreach-org',
        tenantHosts: null,
        stableUrlSeconds: 0,
        docs: true,
      },
      data: { dir: resolve('data') },
      storage: {
        adapter: 'filesystem',
        profile: null,
        endpoint: null,
        region: null,
        bucket: null,
        prefix: null,
        create: false,
        accessKeyId: null,
        secretAccessKey: null,
        sessionToken: null,
        accountName: null,
        accountKey: null,
        delivery: null,
      },
      storageAccess: { allowedEndpoints: [], connectSeconds: 3, firstByteSeconds: 10, idleSeconds: 30 },
      database: { url: null, migrationUrl: null, poolSize: 10 },
      cache: { enabled: true, bytes: 8 * 2 ** 20, contentBytes: null },
      secrets: { rootToken: null, masterKey: null, previousMasterKey: null },
      authentication: { failedBurst: 1000, failedPerSecond: 10 },
      oidc: { issuers: [], clockSkewSeconds: 30 },
      limits: {
        maxUploadBytes: 5 * 2 ** 30,
        resumableUploadSeconds: 86_400,
        inlineMaxBytes: 32 * 2 ** 20,
        inlineInFlightBytes: 256 * 2 ** 20,
        drainSeconds: 25,
        idleTimeoutSeconds: 60,
        headerTimeoutSeconds: 30,
        keepAliveSeconds: 72,
        minimumBytesPerSecond: 512,
        minimumRateSeconds: 30,
        uploadPartBytes: 64 * 2 ** 20,
      },
      background: {
        workers: true,
        reconcileIntervalSeconds: 86_400,
        reconcileApply: false,
        reconcileGraceSeconds: 86_400,
        reconcileShortGrace: false,
        reconcileMaxRemovals: 10_000,
        reconcileMaxPercent: 5,
        verifyIntervalSeconds: 0,
        verifyBytesPerSecond: 16 * 2 ** 20,
      },
      audit: { reads: 'buffered', retentionDays: 365 },
      log: { level: 'info' },
      warnings: [],
    });
  });

  it('takes an empty variable for an absent one', () => {
    const env = { PORT: '', DATABASE_URL: '', GATEHOLD_ROOT_TOKEN: '', GATEHOLD_TRUSTED_PROXIES: '' };
    expect(parseConfig(env)).toEqual(parseConfig({}));
  });

  it('lets no object be taken for an orphan within the hour, unless that is asked for by name', () => {
    const short = { GATEHOLD_RECONCILE_GRACE_SECONDS: '3599' };
    expect(faultsOf(short)).toEqual([
      { name: 'GATEHOLD_RECONCILE_GRACE_SECONDS', reason: 'must be at least 3600' },
    ]);
    const asked = { ...short, GATEHOLD_RECONCILE_SHORT_GRACE: 'on' };
    expect(parseConfig(asked).background.reconcileGraceSeconds).toBe(3599);
  });

  it('cannot be changed afterwards, at any depth', () => {
    const config = parseConfig({ GATEHOLD_TRUSTED_PROXIES: '10.0.0.1' });
    for (const group of [
      config,
      config.http,
      config.http.trustedProxies,
      config.database,
      config.limits,
      config.warnings,
    ])
      expect(Object.isFrozen(group)).toBe(true);
  });

  it('AN-12 reports all faults together, by name and never by value', () => {
    const env = {
      PORT: '80807-canary',
      HOST: 'canary host',
      DATABASE_URL: 'mysql://canary:canary@db/x',
      DATABASE_POOL_SIZE: '0',
      GATEHOLD_ROOT_TOKEN: 'canary-is-short',
      GATEHOLD_MASTER_KEY: 'canary',
      GATEHOLD_PUBLIC_URL: 'ftp://canary',
      GATEHOLD_LOG_LEVEL: 'canary',
    };
    const faults = faultsOf(env);
    expect(faults.map((fault) => fault.name).sort()).toEqual(Object.keys(env).sort());
    const error = new ConfigError(faults);
    for (const name of Object.keys(env)) expect(error.message).toContain(`\n  ${name}: `);
    expect(inspect(error) + JSON.stringify(error)).not.toContain('canary');
  });

  it('wraps secrets so that printing a configuration shows none of them', () => {
    const config = parseConfig({
      DATABASE_URL: 'postgres://app:canary@db/gatehold',
      DATABASE_MIGRATION_URL: 'postgresql://owner:canary@db/gatehold',
      GATEHOLD_ROOT_TOKEN: `canary-${ROOT_TOKEN}`,
      GATEHOLD_MASTER_KEY: MASTER_KEY,
    });
    const printed = inspect(config, { depth: null, showHidden: true }) + JSON.stringify(config);
    expect(printed).not.toContain('canary');
    expect(printed).not.toContain(MASTER_KEY);
    expect(config.database.url?.reveal()).toBe('postgres://app:canary@db/gatehold');
    expect(config.secrets.masterKey?.reveal()).toHaveLength(32);
  });

  it('warns of unknown GATEHOLD_ variables by name, and not of those that Kubernetes adds', () => {
    const config = parseConfig({
      GATEHOLD_MAX_UPLOAD_BYTE: 'canary',
      GATEHOLD_SERVICE_HOST: '10.0.0.1',
      GATEHOLD_PORT_8080_TCP_ADDR: '10.0.0.1',
      GATEHOLD_PORT: 'tcp://10.0.0.1:8080',
      UNRELATED: 'x',
    });
    expect(config.warnings).toEqual([
      'GATEHOLD_MAX_UPLOAD_BYTE is not a setting of this version and has no effect.',
    ]);
  });
});

describe('settings that depend on each other', () => {
  it('AN-12 refuses one value for the root token and the master key', () => {
    expect(namesOf({ GATEHOLD_ROOT_TOKEN: MASTER_KEY, GATEHOLD_MASTER_KEY: MASTER_KEY })).toEqual([
      'GATEHOLD_ROOT_TOKEN',
    ]);
    expect(namesOf({ GATEHOLD_ROOT_TOKEN: ROOT_TOKEN, GATEHOLD_MASTER_KEY: MASTER_KEY })).toEqual([]);
    expect(namesOf({ GATEHOLD_PREVIOUS_MASTER_KEY: MASTER_KEY })).toEqual(['GATEHOLD_PREVIOUS_MASTER_KEY']);
  });

  it('wants DATABASE_URL beside DATABASE_MIGRATION_URL', () => {
    expect(namesOf({ DATABASE_MIGRATION_URL: 'postgres://owner@db/x' })).toEqual(['DATABASE_MIGRATION_URL']);
  });

  it('says nothing of a relation when one of its sides is faulty by itself', () => {
    expect(namesOf({ DATABASE_MIGRATION_URL: 'postgres://owner@db/x', DATABASE_URL: 'db' })).toEqual([
      'DATABASE_URL',
    ]);
  });

  it('wants room for at least one largest answer in flight', () => {
    expect(namesOf({ GATEHOLD_INLINE_MAX_BYTES: '2MiB', GATEHOLD_INLINE_IN_FLIGHT_BYTES: '1MiB' })).toEqual([
      'GATEHOLD_INLINE_IN_FLIGHT_BYTES',
    ]);
    expect(namesOf({ GATEHOLD_INLINE_MAX_BYTES: '1MiB', GATEHOLD_INLINE_IN_FLIGHT_BYTES: '1MiB' })).toEqual(
      [],
    );
  });
});

const accepted: [string, string, (config: GatewayConfig) => unknown, unknown][] = [
  ['PORT', '0', (config) => config.http.port, 0],
  ['PORT', '65535', (config) => config.http.port, 65_535],
  ['HOST', '::1', (config) => config.http.host, '::1'],
  ['HOST', 'files.example.com', (config) => config.http.host, 'files.example.com'],
  ['GATEHOLD_DATA_DIR', 'a folder/ünïcode', (config) => isAbsolute(config.data.dir), true],
  ['DATABASE_POOL_SIZE', '100', (config) => config.database.poolSize, 100],
  [
    'DATABASE_URL',
    'postgres:///x?host=/var/run/postgresql',
    (config) => config.database.url?.reveal().length,
    38,
  ],
  ['GATEHOLD_ROOT_TOKEN', ROOT_TOKEN, (config) => config.secrets.rootToken?.reveal(), ROOT_TOKEN],
  [
    'GATEHOLD_PUBLIC_URL',
    'https://files.example.com/',
    (config) => config.http.publicUrl,
    'https://files.example.com',
  ],
  ['GATEHOLD_PUBLIC_URL', 'HTTP://h:80/base//', (config) => config.http.publicUrl, 'http://h/base'],
  ['GATEHOLD_PUBLIC_URL', 'http://[::1]:8080', (config) => config.http.publicUrl, 'http://[::1]:8080'],
  [
    'GATEHOLD_TRUSTED_PROXIES',
    '10.0.0.0/8, fd00::/8,::1',
    (config) => config.http.trustedProxies,
    ['10.0.0.0/8', 'fd00::/8', '::1'],
  ],
  [
    'GATEHOLD_ALLOWED_ENDPOINTS',
    '10.1.0.0/16, fd00::/8,::1, minio.internal,store-1',
    (config) => config.storageAccess.allowedEndpoints,
    ['10.1.0.0/16', 'fd00::/8', '::1', 'minio.internal', 'store-1'],
  ],
  ['GATEHOLD_MAX_UPLOAD_BYTES', '1', (config) => config.limits.maxUploadBytes, 1],
  ['GATEHOLD_MAX_UPLOAD_BYTES', '7 TiB', (config) => config.limits.maxUploadBytes, 7 * 2 ** 40],
  ['GATEHOLD_MAX_UPLOAD_BYTES', '3KiB', (config) => config.limits.maxUploadBytes, 3072],
  ['GATEHOLD_DRAIN_SECONDS', '0', (config) => config.limits.drainSeconds, 0],
  ['GATEHOLD_LOG_LEVEL', 'silent', (config) => config.log.level, 'silent'],
  ['GATEHOLD_DOCS', 'off', (config) => config.http.docs, false],
  ['GATEHOLD_ORGANIZATION_HEADER', 'X-Org', (config) => config.http.organizationHeader, 'x-org'],
  [
    'GATEHOLD_TENANT_HOSTS',
    '{tenant}.Files.example',
    (config) => config.http.tenantHosts,
    '{tenant}.Files.example',
  ],
];

describe('a single setting', () => {
  it.each(accepted)('%s accepts %j', (name, text, read, expected) => {
    expect(read(parseConfig({ [name]: text }))).toEqual(expected);
  });

  it.each([
    ['PORT', ['-1', '65536', '80.5', '0x50', '1e3', ' 80', '８０']],
    ['HOST', ['http://h', 'a b', '127.0.0.1:80', '-h', 'h..h', '[::1]']],
    ['GATEHOLD_DATA_DIR', ['a\u0000b', 'a\nb']],
    [
      'DATABASE_URL',
      ['localhost', 'mysql://h/db', 'postgres:h', 'postgres://u:p w@h/db', 'postgres://h:port/db'],
    ],
    ['DATABASE_POOL_SIZE', ['0', '101']],
    ['GATEHOLD_ROOT_TOKEN', ['changeme', 'changeme'.repeat(4), `${ROOT_TOKEN} `, `é${ROOT_TOKEN}`]],
    ['GATEHOLD_ROOT_TOKEN', [ROOT_TOKEN.slice(1), `please-change-me-${ROOT_TOKEN}`]],
    ['GATEHOLD_MASTER_KEY', ['changeme', Buffer.alloc(32).toString('base64')]],
    [
      'GATEHOLD_MASTER_KEY',
      [MASTER_KEY.slice(0, -1), `${MASTER_KEY}=`, `AAAA${MASTER_KEY}`, `${MASTER_KEY}\n`],
    ],
    [
      'GATEHOLD_PUBLIC_URL',
      ['files.example.com', 'ftp://h', 'https://u:p@h', 'https://u@h', 'https://h?', 'https://h#'],
    ],
    [
      'GATEHOLD_PUBLIC_URL',
      ['https://', 'https:///h', 'https:h', 'https://h\r\nX: y', ' https://h', 'https://h\\x'],
    ],
    [
      'GATEHOLD_TRUSTED_PROXIES',
      ['10.0.0.0/33', 'fd00::/129', 'proxy', '10.0.0.1,', '1.2.3.4/8/8', '1.2.3.4/'],
    ],
    [
      'GATEHOLD_MAX_UPLOAD_BYTES',
      ['0', '-1', '1.5GiB', '5GB', '5gib', '9007199254740993', '9999999999999999TiB'],
    ],
    ['GATEHOLD_INLINE_MAX_BYTES', ['257MiB']],
    [
      'GATEHOLD_ALLOWED_ENDPOINTS',
      [
        '10.0.0.0/33',
        '10.0.0',
        '0x7f.1',
        '2130706433',
        'http://minio',
        'minio:9000',
        '*.internal',
        '[::1]',
        'a,',
      ],
    ],
    ['GATEHOLD_STORAGE_FIRST_BYTE_SECONDS', ['0', '601', '1.5']],
    ['GATEHOLD_DRAIN_SECONDS', ['3601', '-1']],
    ['GATEHOLD_IDLE_TIMEOUT_SECONDS', ['0']],
    ['GATEHOLD_HEADER_TIMEOUT_SECONDS', ['0', '601']],
    ['GATEHOLD_KEEP_ALIVE_SECONDS', ['0', '3601']],
    ['GATEHOLD_MINIMUM_BYTES_PER_SECOND', ['0', '-1', '1.5', '2MiB']],
    ['GATEHOLD_MINIMUM_RATE_SECONDS', ['0', '3601']],
    ['GATEHOLD_LOG_LEVEL', ['INFO', 'verbose', 'constructor']],
    ['GATEHOLD_DOCS', ['true', 'toString', '__proto__']],
    [
      'GATEHOLD_TENANT_HOSTS',
      [
        'files.example.com',
        '{tenant}',
        '{tenant}files',
        '{tenant}.a..b',
        'x.{tenant}.b',
        '{tenant}.b:80',
        '*.b',
      ],
    ],
    [
      'GATEHOLD_ORGANIZATION_HEADER',
      ['Authorization', 'X-Tenant-Id', 'a b', 'x:y', 'Ünicode', 'Content-Type'],
    ],
  ])('%s refuses each of %j', (name, texts) => {
    for (const text of texts)
      expect({ text, names: namesOf({ [name]: text }) }).toEqual({ text, names: [name] });
  });

  it('takes any text of 32 visible characters as the root token', () => {
    expect(parseConfig({ GATEHOLD_ROOT_TOKEN: 'a'.repeat(32) }).secrets.rootToken?.reveal()).toHaveLength(32);
  });
});
