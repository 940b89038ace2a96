import type { storage as STORAGE } from './storage.js';
import type { SettingValues } from './setting.js';

type Storage = SettingValues<{ storage: typeof STORAGE }>['storage'];
type Field = Exclude<keyof Storage, 'adapter' | 'create'>;

/** A condition between the settings of the default storage. */
export interface StorageRelation {
  readonly name: string;
  readonly others: readonly string[];
  readonly reason: string;
  readonly broken: (values: { readonly storage: Storage }) => boolean;
}

const ADAPTER = 'GATEHOLD_STORAGE_ADAPTER';
const NAMES: Readonly<Record<Field, string>> = {
  profile: 'GATEHOLD_STORAGE_PROFILE',
  endpoint: 'GATEHOLD_STORAGE_ENDPOINT',
  region: 'GATEHOLD_STORAGE_REGION',
  bucket: 'GATEHOLD_STORAGE_BUCKET',
  prefix: 'GATEHOLD_STORAGE_PREFIX',
  accessKeyId: 'GATEHOLD_STORAGE_ACCESS_KEY_ID',
  secretAccessKey: 'GATEHOLD_STORAGE_SECRET_ACCESS_KEY',
  sessionToken: 'GATEHOLD_STORAGE_SESSION_TOKEN',
  accountName: 'GATEHOLD_STORAGE_ACCOUNT_NAME',
  accountKey: 'GATEHOLD_STORAGE_ACCOUNT_KEY',
  delivery: 'GATEHOLD_STORAGE_DELIVERY',
};

const TAKEN: Readonly<Record<Storage['adapter'], readonly Field[]>> = {
  // Nothing but `proxy` is possible there, and that may be said.
  filesystem: ['delivery'],
  s3: [
    ...(['profile', 'endpoint', 'region', 'bucket', 'prefix'] as const),
    ...(['accessKeyId', 'secretAccessKey', 'sessionToken', 'delivery'] as const),
  ],
  azure: ['endpoint', 'bucket', 'prefix', 'accountName', 'accountKey', 'delivery'],
};
const NEEDED: Readonly<Record<Storage['adapter'], readonly Field[]>> = {
  filesystem: [],
  s3: ['bucket', 'accessKeyId', 'secretAccessKey'],
  azure: ['endpoint', 'bucket', 'accountName', 'accountKey'],
};
const KNOWN_ENDPOINTS: readonly string[] = ['aws', 'b2', 'gcs'];

const perField = (Object.keys(NAMES) as Field[]).flatMap((field): StorageRelation[] => [
  {
    name: NAMES[field],
    others: [ADAPTER],
    reason: `has no meaning with this ${ADAPTER}`,
    broken: ({ storage }) => storage[field] !== null && !TAKEN[storage.adapter].includes(field),
  },
  {
    name: NAMES[field],
    others: [ADAPTER],
    reason: `is needed with this ${ADAPTER}`,
    broken: ({ storage }) => storage[field] === null && NEEDED[storage.adapter].includes(field),
  },
]);

/** What the settings of the default storage have to be to each other. */
export const STORAGE_RELATIONS: readonly StorageRelation[] = [
  ...perField,
  {
    name: NAMES.endpoint,
    others: [ADAPTER, NAMES.profile],
    reason: `is needed with this ${NAMES.profile}`,
    broken: ({ storage: { adapter, endpoint, profile } }) =>
      adapter === 's3' && endpoint === null && !KNOWN_ENDPOINTS.includes(profile ?? 'aws'),
  },
  {
    name: NAMES.endpoint,
    others: [ADAPTER],
    reason: 'must end with the host or port for s3; the bucket has a setting of its own',
    broken: ({ storage: { adapter, endpoint } }) =>
      adapter === 's3' && endpoint !== null && new URL(endpoint).pathname !== '/',
  },
  {
    name: NAMES.delivery,
    others: [ADAPTER],
    reason: 'can only be proxy with filesystem',
    broken: ({ storage: { adapter, delivery } }) =>
      adapter === 'filesystem' && delivery !== null && delivery !== 'proxy',
  },
];
