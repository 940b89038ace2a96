import { resolve } from 'node:path';
import { authentication } from './authentication.js';
import { audit } from './audit.js';
import { background } from './background.js';
import { cache } from './cache.js';
import { masterKey, rootToken } from './credentials.js';
import { secret, setting } from './define.js';
import { http } from './http.js';
import { log } from './log.js';
import { oidc } from './oidc.js';
import type { SettingGroups } from './setting.js';
import { storageAccess } from './storage-access.js';
import { storage } from './storage.js';
import { bytes, integer, postgresUrl, text } from './values.js';

const MIB = 2 ** 20;
const GIB = 2 ** 30;

const directory = text('a folder, relative to the working folder or absolute', (path) => resolve(path));

const data = {
  dir: setting(
    'GATEHOLD_DATA_DIR',
    directory,
    './data',
    'Folder of the objects, the embedded database and the secrets that the gateway makes for itself.',
  ),
} as const;

const database = {
  url: secret(
    'DATABASE_URL',
    postgresUrl,
    'an embedded PostgreSQL under the data folder',
    'PostgreSQL to work with. Name a login that owns nothing, and the owner in `DATABASE_MIGRATION_URL`.',
  ),
  migrationUrl: secret(
    'DATABASE_MIGRATION_URL',
    postgresUrl,
    'the same as `DATABASE_URL`',
    'Login of the owner of the tables, used for migrations only. Needs `DATABASE_URL` beside it.',
  ),
  poolSize: setting(
    'DATABASE_POOL_SIZE',
    integer(1, 100),
    '10',
    'Connections that one gateway may hold open.',
  ),
} as const;

const secrets = {
  rootToken: secret(
    'GATEHOLD_ROOT_TOKEN',
    rootToken,
    'made at the first start, in a file in the data folder',
    'Token of the platform administrator.',
  ),
  masterKey: secret(
    'GATEHOLD_MASTER_KEY',
    masterKey,
    'made at the first start, in a file in the data folder',
    'Seals the signing keys and storage credentials in the database. Losing it loses them.',
  ),
  previousMasterKey: secret(
    'GATEHOLD_PREVIOUS_MASTER_KEY',
    masterKey,
    'none',
    'The master key until now, for one start with a new one: what it sealed is sealed anew. Needs `GATEHOLD_MASTER_KEY` ' +
      'beside it, and every other gateway stopped.',
  ),
} as const;

const limits = {
  maxUploadBytes: setting('GATEHOLD_MAX_UPLOAD_BYTES', bytes(), '5GiB', 'Largest source that is accepted.'),
  resumableUploadSeconds: setting(
    'GATEHOLD_RESUMABLE_UPLOAD_SECONDS',
    integer(1, 604_800),
    '86400',
    'An unfinished resumable upload (tus) that no byte has come for during this time is removed; so is one that is a week old.',
  ),
  uploadPartBytes: setting(
    'GATEHOLD_UPLOAD_PART_BYTES',
    bytes(4 * GIB, '4GiB'),
    '64MiB',
    'Uploads by URL that are larger come in parts of this size, or of larger ones where there would be more than 1,000.',
  ),
  inlineMaxBytes: setting(
    'GATEHOLD_INLINE_MAX_BYTES',
    bytes(256 * MIB, '256MiB'),
    '32MiB',
    'Largest content that an answer carries inside its JSON.',
  ),
  inlineInFlightBytes: setting(
    'GATEHOLD_INLINE_IN_FLIGHT_BYTES',
    bytes(1024 * GIB, '1024GiB'),
    '256MiB',
    'Content inside JSON that all requests together may hold in memory; at least `GATEHOLD_INLINE_MAX_BYTES`.',
  ),
  drainSeconds: setting(
    'GATEHOLD_DRAIN_SECONDS',
    integer(0, 3_600),
    '25',
    'How long requests in flight may go on after SIGTERM or SIGINT.',
  ),
  idleTimeoutSeconds: setting(
    'GATEHOLD_IDLE_TIMEOUT_SECONDS',
    integer(1, 3_600),
    '60',
    'A transfer that moves no byte for this long is cut.',
  ),
  headerTimeoutSeconds: setting(
    'GATEHOLD_HEADER_TIMEOUT_SECONDS',
    integer(1, 600),
    '30',
    'A connection whose request headers are not complete after this long gets 408 and is closed.',
  ),
  keepAliveSeconds: setting(
    'GATEHOLD_KEEP_ALIVE_SECONDS',
    integer(1, 3_600),
    '72',
    'How long a connection without a request is kept after an answer; more than the proxy in front keeps it.',
  ),
  minimumBytesPerSecond: setting(
    'GATEHOLD_MINIMUM_BYTES_PER_SECOND',
    bytes(MIB, '1MiB'),
    '512',
    'A request body that comes more slowly than this, averaged over `GATEHOLD_MINIMUM_RATE_SECONDS`, gets 408.',
  ),
  minimumRateSeconds: setting(
    'GATEHOLD_MINIMUM_RATE_SECONDS',
    integer(1, 3_600),
    '30',
    'Time over which that average is taken. Keep it below `GATEHOLD_IDLE_TIMEOUT_SECONDS`, which cuts without an answer.',
  ),
} as const;

/** Every setting there is. docs/configuration.md is made from this table. */
export const SETTINGS = {
  http,
  data,
  storage,
  storageAccess,
  database,
  cache,
  secrets,
  authentication,
  oidc,
  limits,
  background,
  audit,
  log,
} as const satisfies SettingGroups;
