import { Secret } from '#kernel';

import { optional, secret, setting } from './define.js';
import { baseUrl, oneOf, onOff, value } from './values.js';

/** S3 servers whose peculiarities the gateway knows. */
export const STORAGE_PROFILES = ['aws', 'ceph', 'r2', 'minio', 'seaweedfs', 'garage', 'b2', 'gcs'] as const;

const pattern = (type: string, shape: RegExp) =>
  value(type, (given) => (shape.test(given) ? given : undefined));
const secretText = value('visible ASCII characters', (given) =>
  /^[\x21-\x7e]{1,8192}$/.test(given) ? new Secret(given) : undefined,
);

/** The storage of every tenant that has none of its own. */
export const storage = {
  adapter: setting(
    'GATEHOLD_STORAGE_ADAPTER',
    oneOf('filesystem', 's3', 'azure'),
    'filesystem',
    'Kind of the default storage, for tenants that have none of their own. `filesystem` is the data folder. Objects that ' +
      'were stored elsewhere before stay readable there.',
  ),
  profile: optional(
    'GATEHOLD_STORAGE_PROFILE',
    oneOf(...STORAGE_PROFILES),
    '`aws`',
    'Which S3 server it is. For `s3` only.',
  ),
  endpoint: optional(
    'GATEHOLD_STORAGE_ENDPOINT',
    baseUrl,
    "the provider's own, for the profiles `aws`, `b2` and `gcs`",
    'Scheme, host and port of the S3 server, or the whole service URL of Azure, account included.',
  ),
  region: optional(
    'GATEHOLD_STORAGE_REGION',
    pattern('1 to 64 of the characters A-Z a-z 0-9 _ -', /^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$/),
    "the profile's usual one",
    'Region that requests are signed for. For `s3` only.',
  ),
  bucket: optional(
    'GATEHOLD_STORAGE_BUCKET',
    pattern('3 to 63 of the characters a-z 0-9 . -', /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/),
    'none',
    'Bucket, or container on Azure.',
  ),
  prefix: optional(
    'GATEHOLD_STORAGE_PREFIX',
    pattern(
      '1 to 8 names of the characters A-Z a-z 0-9 . _ - with slashes between',
      /^(?=.{1,256}$)[A-Za-z0-9][A-Za-z0-9._-]{0,127}(?:\/[A-Za-z0-9][A-Za-z0-9._-]{0,127}){0,7}$/,
    ),
    'none',
    'What the names of all objects begin with, for a bucket that holds other things too.',
  ),
  create: setting(
    'GATEHOLD_STORAGE_CREATE',
    onOff,
    'off',
    'Makes the bucket or container at start when it is absent.',
  ),
  accessKeyId: secret('GATEHOLD_STORAGE_ACCESS_KEY_ID', secretText, 'none', 'Access key. For `s3` only.'),
  secretAccessKey: secret(
    'GATEHOLD_STORAGE_SECRET_ACCESS_KEY',
    secretText,
    'none',
    'Secret of the access key. For `s3` only.',
  ),
  sessionToken: secret(
    'GATEHOLD_STORAGE_SESSION_TOKEN',
    secretText,
    'none',
    'Session token of temporary credentials. For `s3` only.',
  ),
  accountName: secret('GATEHOLD_STORAGE_ACCOUNT_NAME', secretText, 'none', 'Account. For `azure` only.'),
  accountKey: secret(
    'GATEHOLD_STORAGE_ACCOUNT_KEY',
    secretText,
    'none',
    'Key of the account. For `azure` only.',
  ),
  delivery: optional(
    'GATEHOLD_STORAGE_DELIVERY',
    oneOf('direct', 'redirect', 'proxy'),
    '`direct`; always `proxy` with `filesystem`',
    'How downloads are handed out: a URL of the storage itself, a link of the gateway that leads to a short-lived one, or ' +
      'a link whose bytes pass through the gateway.',
  ),
} as const;
