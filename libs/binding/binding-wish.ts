import { validationFailed, type FieldError } from '#http';
import type { Secret } from '#kernel';

import { readCredentials } from './binding-credentials.js';
import { parseEndpoint } from './endpoint.js';
import type { PutStorageBindingDto } from './storage-binding.dto.js';
import type { Adapter, BindingCredentials, BindingPlace, Delivery } from './storage-binding.js';

/** What somebody wants a tenant's binding to be, checked field by field. */
export interface BindingWish {
  readonly place: BindingPlace;
  /** Make the bucket or container when it is absent. */
  readonly create: boolean;
  /** Null: none were named. */
  readonly credentials: Secret<BindingCredentials> | null;
  readonly delivery: Delivery;
}

type Field = keyof PutStorageBindingDto;

/** Fields beyond `adapter` and `delivery` that an adapter takes, and those it cannot do without. */
const FIELDS: Readonly<
  Record<Adapter, { readonly takes: readonly Field[]; readonly needs: readonly Field[] }>
> = {
  filesystem: { takes: [], needs: [] },
  s3: {
    takes: ['profile', 'endpoint', 'region', 'bucket', 'create', 'prefix', 'credentials'],
    needs: ['bucket'],
  },
  azure: {
    takes: ['endpoint', 'container', 'create', 'prefix', 'credentials'],
    needs: ['endpoint', 'container'],
  },
};
const DEPENDENT = [
  'profile',
  'endpoint',
  'region',
  'bucket',
  'container',
  'create',
  'prefix',
  'credentials',
] as const;

/** S3 servers whose endpoint follows from the region. */
const KNOWN_ENDPOINTS: readonly string[] = ['aws', 'b2', 'gcs'];

/** Takes a body whose fields are of the right shape. Throws one 422 that names every field that does not fit the adapter. */
export function parseBindingWish(body: PutStorageBindingDto): BindingWish {
  const { adapter } = body;
  const profile = adapter === 's3' ? (body.profile ?? 'aws') : null;
  const endpoint = body.endpoint == null ? null : parseEndpoint(body.endpoint, adapter);
  const credentials = body.credentials == null ? null : readCredentials(body.credentials, adapter);
  const faults = [
    ...misfits(body),
    ...(endpoint instanceof Error ? [invalid('endpoint', endpoint.message)] : []),
    ...(Array.isArray(credentials) ? credentials : []),
  ];
  if (profile !== null && endpoint === null && !KNOWN_ENDPOINTS.includes(profile))
    faults.push({ field: 'endpoint', code: 'missing', message: `is required by the profile ${profile}` });
  if (faults.length > 0 || endpoint instanceof Error || Array.isArray(credentials))
    throw validationFailed(faults);
  return {
    place: {
      adapter,
      profile,
      endpoint,
      region: body.region ?? null,
      bucket: body.bucket ?? body.container ?? null,
      prefix: body.prefix ?? '',
    },
    create: body.create ?? false,
    credentials,
    // A folder has no URLs of its own.
    delivery: adapter === 'filesystem' ? 'proxy' : (body.delivery ?? 'direct'),
  };
}

function misfits(body: PutStorageBindingDto): FieldError[] {
  const { takes, needs } = FIELDS[body.adapter];
  const given = DEPENDENT.filter((field) => body[field] != null);
  return [
    ...given
      .filter((field) => !takes.includes(field))
      .map((field) => invalid(field, `is not for the adapter ${body.adapter}`)),
    ...needs
      .filter((field) => body[field] == null)
      .map((field): FieldError => ({
        field,
        code: 'missing',
        message: `is required by the adapter ${body.adapter}`,
      })),
  ];
}

function invalid(field: string, message: string): FieldError {
  return { field, code: 'invalid', message };
}
