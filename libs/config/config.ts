import { LEAST_GRACE_SECONDS } from './background.js';
import { SETTINGS } from './definitions.js';
import type { GatewayConfig } from './gateway-config.js';
import { STORAGE_RELATIONS } from './storage-relations.js';
import {
  ConfigError,
  readSettings,
  type ConfigFault,
  type SettingGroups,
  type SettingValues,
} from './setting.js';

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
    others: ['GATEHOLD_OIDC_ISSUERS'],
    reason: 'must not look like a JWT beside GATEHOLD_OIDC_ISSUERS, or it would be taken for one',
    broken: ({ secrets, oidc }) =>
      oidc.issuers.length > 0 && /^[\w-]+\.[\w-]+\.[\w-]*$/.test(secrets.rootToken?.reveal() ?? ''),
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
