import type { Secret } from '#kernel';
import { LEAST_GRACE_SECONDS } from './background.js';
import type { AUDIT_READS } from './audit.js';
import { SETTINGS } from './definitions.js';
import type { LogLevel } from './log.js';
import { STORAGE_RELATIONS } from './storage-relations.js';
import type { STORAGE_PROFILES } from './storage.js';
import {
  ConfigError,
  readSettings,
  type ConfigFault,
  type SettingGroups,
  type SettingValues,
} from './setting.js';

/** What a gateway was told, read once at start and never changed. Sizes are bytes, durations whole seconds. */
export interface GatewayConfig {
  readonly http: {
    /** 0 means any free port. */
    readonly port: number;
    readonly host: string;
    /** Without a slash at its end; null means the listening address. */
    readonly publicUrl: string | null;
    /** IP addresses and CIDR ranges; empty means that no forwarded header is believed. */
    readonly trustedProxies: readonly string[];
    /** In lower case, as Node names the headers of a request. */
    readonly organizationHeader: string;
    /** `{tenant}.files.example.com`, or null. */
    readonly tenantHosts: string | null;
    /** Whole seconds; 0 makes every URL a new one. */
    readonly stableUrlSeconds: number;
    readonly docs: boolean;
  };
  readonly data: {
    /** Absolute path; it need not exist yet. */
    readonly dir: string;
  };
  /** Where objects of tenants without storage of their own go. What an adapter does not need is null. */
  readonly storage: {
    readonly adapter: 'filesystem' | 's3' | 'azure';
    readonly profile: (typeof STORAGE_PROFILES)[number] | null;
    /** Without a slash at its end. */
    readonly endpoint: string | null;
    readonly region: string | null;
    /** Bucket or container. */
    readonly bucket: string | null;
    readonly prefix: string | null;
    /** Make the bucket or container when it is absent. */
    readonly create: boolean;
    readonly accessKeyId: Secret | null;
    readonly secretAccessKey: Secret | null;
    readonly sessionToken: Secret | null;
    readonly accountName: Secret | null;
    readonly accountKey: Secret | null;
    readonly delivery: 'direct' | 'redirect' | 'proxy' | null;
  };
  readonly storageAccess: {
    /** Host names, IP addresses and CIDR ranges. */
    readonly allowedEndpoints: readonly string[];
    readonly connectSeconds: number;
    readonly firstByteSeconds: number;
    readonly idleSeconds: number;
  };
  readonly database: {
    /** Null means the embedded PostgreSQL. */
    readonly url: Secret | null;
    /** Null means that {@link url} does the migrations too; never set without it. */
    readonly migrationUrl: Secret | null;
    readonly poolSize: number;
  };
  readonly secrets: {
    /** Null means one in the data folder, made when it is missing. */
    readonly rootToken: Secret | null;
    /** Exactly 32 bytes; null means one in the data folder, made when it is missing. */
    readonly masterKey: Secret<Buffer> | null;
    /** Null unless the master key is being changed; never set without it. */
    readonly previousMasterKey: Secret<Buffer> | null;
  };
  readonly authentication: {
    /** Bad credentials from one address; 0 means any number. */
    readonly failedBurst: number;
    readonly failedPerSecond: number;
  };
  readonly limits: {
    readonly maxUploadBytes: number;
    /** After the last byte that came. */
    readonly resumableUploadSeconds: number;
    readonly uploadPartBytes: number;
    readonly inlineMaxBytes: number;
    /** Never less than {@link inlineMaxBytes}. */
    readonly inlineInFlightBytes: number;
    readonly drainSeconds: number;
    readonly idleTimeoutSeconds: number;
    readonly headerTimeoutSeconds: number;
    readonly keepAliveSeconds: number;
    /** Averaged over {@link minimumRateSeconds}. */
    readonly minimumBytesPerSecond: number;
    readonly minimumRateSeconds: number;
  };
  readonly background: {
    /** Whether this process works in the background. */
    readonly workers: boolean;
    /** 0 means none but those that an operator asks for. */
    readonly reconcileIntervalSeconds: number;
    readonly reconcileApply: boolean;
    /** Never less than an hour, unless {@link reconcileShortGrace} allows it. */
    readonly reconcileGraceSeconds: number;
    readonly reconcileShortGrace: boolean;
    readonly reconcileMaxRemovals: number;
    /** Per cent; 100 means no brake. */
    readonly reconcileMaxPercent: number;
    /** 0 means none but those that an operator asks for. */
    readonly verifyIntervalSeconds: number;
    readonly verifyBytesPerSecond: number;
  };
  readonly audit: {
    readonly reads: (typeof AUDIT_READS)[number];
    /** 0 means for ever; else at least 30. */
    readonly retentionDays: number;
  };
  readonly log: { readonly level: LogLevel };
  /** Sentences about variables that were not understood, for the log; they hold names only. */
  readonly warnings: readonly string[];
}

type Values = SettingValues<typeof SETTINGS>;

/** A condition over several settings; checked only when each of them is fine by itself. */
interface Relation extends ConfigFault {
  readonly others: readonly string[];
  readonly broken: (values: Values) => boolean;
}

const RELATIONS: readonly Relation[] = [
  ...STORAGE_RELATIONS,
  {
    name: 'DATABASE_MIGRATION_URL',
    others: ['DATABASE_URL'],
    reason: 'needs DATABASE_URL beside it',
    broken: ({ database }) => database.migrationUrl !== null && database.url === null,
  },
  {
    name: 'GATEHOLD_AUDIT_RETENTION_DAYS',
    others: [],
    reason: 'must be 0, or at least 30',
    broken: ({ audit }) => audit.retentionDays > 0 && audit.retentionDays < 30,
  },
  {
    name: 'GATEHOLD_INLINE_IN_FLIGHT_BYTES',
    others: ['GATEHOLD_INLINE_MAX_BYTES'],
    reason: 'must be at least GATEHOLD_INLINE_MAX_BYTES',
    broken: ({ limits }) => limits.inlineInFlightBytes < limits.inlineMaxBytes,
  },
  {
    name: 'GATEHOLD_PREVIOUS_MASTER_KEY',
    others: ['GATEHOLD_MASTER_KEY'],
    reason: 'needs GATEHOLD_MASTER_KEY beside it',
    broken: ({ secrets }) => secrets.previousMasterKey !== null && secrets.masterKey === null,
  },
  {
    name: 'GATEHOLD_RECONCILE_GRACE_SECONDS',
    others: ['GATEHOLD_RECONCILE_SHORT_GRACE'],
    reason: `must be at least ${LEAST_GRACE_SECONDS}`,
    broken: ({ background }) =>
      background.reconcileGraceSeconds < LEAST_GRACE_SECONDS && !background.reconcileShortGrace,
  },
  {
    name: 'GATEHOLD_ROOT_TOKEN',
    others: ['GATEHOLD_MASTER_KEY'],
    reason: 'must differ from GATEHOLD_MASTER_KEY',
    broken: ({ secrets }) =>
      secrets.rootToken !== null &&
      secrets.rootToken.reveal() === secrets.masterKey?.reveal().toString('base64'),
  },
];

/** Reads a configuration out of an environment. Throws one {@link ConfigError} that lists every fault. */
export function parseConfig(env: NodeJS.ProcessEnv): GatewayConfig {
  const { values, faults } = readSettings(SETTINGS, env);
  const faulty = new Set(faults.map((fault) => fault.name));
  for (const { name, reason, others, broken } of RELATIONS) {
    if (![name, ...others].some((one) => faulty.has(one)) && broken(values)) faults.push({ name, reason });
  }
  if (faults.length > 0) throw new ConfigError(faults);
  return Object.freeze({ ...values, warnings: Object.freeze(warningsOf(env)) });
}

/** {@link parseConfig} of this process's own environment; nothing else reads it. */
export function loadConfig(): GatewayConfig {
  return parseConfig(process.env);
}

const GROUPS: SettingGroups = SETTINGS;
const KNOWN = new Set(Object.values(GROUPS).flatMap((group) => Object.values(group).map(({ name }) => name)));

/** What Kubernetes puts into every pod beside a service called "gatehold"; not an operator's typing mistake. */
const SERVICE_LINK = /^GATEHOLD_(SERVICE_HOST|SERVICE_PORT(_.+)?|PORT|PORT_\d+_(TCP|UDP)(_.+)?)$/;

function warningsOf(env: NodeJS.ProcessEnv): string[] {
  return Object.keys(env)
    .filter((name) => name.startsWith('GATEHOLD_') && !KNOWN.has(name) && !SERVICE_LINK.test(name))
    .sort()
    .map((name) => `${name} is not a setting of this version and has no effect.`);
}
