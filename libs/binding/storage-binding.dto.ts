import { BooleanField, ChoiceField, ObjectField, PatternField, TextField } from '#http';
import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';

import {
  ADAPTERS,
  DELIVERIES,
  PROFILES,
  type Adapter,
  type Delivery,
  type KeptBinding,
  type Profile,
} from './storage-binding.js';

const OPTIONAL = { optional: true, nullable: true } as const;
const SEGMENT = '[A-Za-z0-9][A-Za-z0-9._-]{0,127}';
const secret = { type: 'string', writeOnly: true } as const;

/** Body of `PUT /v1/tenants/{tenant_id}/storage-binding`. */
export class PutStorageBindingDto {
  @ChoiceField({ description: 'The kind of storage.', choices: ADAPTERS, example: 's3' })
  adapter: Adapter;

  @ChoiceField({
    description: 'Which S3 server it is; `aws` when absent. For `s3` only.',
    choices: PROFILES,
    example: 'ceph',
    ...OPTIONAL,
  })
  profile?: Profile | null;

  @TextField({
    description:
      'Scheme, host and port for `s3`; the whole service URL, account included, for `azure`. The profiles `aws`, `b2` ' +
      'and `gcs` know theirs.',
    max: 2048,
    example: 'https://objects.example.com',
    ...OPTIONAL,
  })
  endpoint?: string | null;

  @PatternField({
    description:
      "The region that requests are signed for; the profile's usual one when absent. For `s3` only.",
    pattern: /^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$/,
    says: 'must have 1 to 64 of the characters A-Z a-z 0-9 _ -',
    example: 'eu-central-1',
    ...OPTIONAL,
  })
  region?: string | null;

  @PatternField({
    description: 'For `s3`.',
    pattern: /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/,
    says: 'must be the name of a bucket: 3 to 63 of the characters a-z 0-9 . -',
    example: 'acme-documents',
    ...OPTIONAL,
  })
  bucket?: string | null;

  @PatternField({
    description: 'For `azure`.',
    pattern: /^(?=.{3,63}$)[a-z0-9]+(?:-[a-z0-9]+)*$/,
    says: 'must be the name of a container: 3 to 63 of the characters a-z 0-9 -',
    ...OPTIONAL,
  })
  container?: string | null;

  @BooleanField({
    description: 'Make the bucket or container when it is absent. False when absent.',
    example: false,
    ...OPTIONAL,
  })
  create?: boolean | null;

  @PatternField({
    description: 'What the names of all objects begin with, for a bucket that holds other things too.',
    pattern: new RegExp(`^(?=.{1,256}$)${SEGMENT}(?:/${SEGMENT}){0,7}$`),
    says: 'must be 1 to 8 names of the characters A-Z a-z 0-9 . _ - with slashes between',
    example: 'gatehold/acme',
    ...OPTIONAL,
  })
  prefix?: string | null;

  @ApiPropertyOptional({
    additionalProperties: false,
    properties: {
      access_key_id: secret,
      secret_access_key: secret,
      session_token: secret,
      account_name: secret,
      account_key: secret,
    },
  })
  @ObjectField({
    description:
      '`access_key_id`, `secret_access_key` and, for temporary ones, `session_token` for `s3`; `account_name` and ' +
      '`account_key` for `azure`. Kept sealed and never answered.',
    example: { access_key_id: 'AKIAIOSFODNN7EXAMPLE', secret_access_key: 'not-a-real-secret' },
    ...OPTIONAL,
  })
  credentials?: Record<string, unknown> | null;

  @ChoiceField({
    description:
      'How downloads are handed out: a URL of the storage itself, a link of the gateway that leads to a short-lived one, ' +
      'or a link whose bytes pass through the gateway. `direct` when absent; always `proxy` for `filesystem`.',
    choices: DELIVERIES,
    example: 'direct',
    ...OPTIONAL,
  })
  delivery?: Delivery | null;
}

/** Requests to begin with; the first one is what the API page offers. */
export const PUT_BINDING_EXAMPLES = {
  s3: {
    summary: 'A bucket on an S3 server',
    value: {
      adapter: 's3',
      profile: 'ceph',
      endpoint: 'https://objects.example.com',
      bucket: 'acme-documents',
      credentials: { access_key_id: 'AKIAIOSFODNN7EXAMPLE', secret_access_key: 'not-a-real-secret' },
    },
  },
  azure: {
    summary: 'A container on Azure',
    value: {
      adapter: 'azure',
      endpoint: 'https://acme.blob.example.com',
      container: 'documents',
      create: true,
      credentials: { account_name: 'acme', account_key: 'bm90LWEtcmVhbC1zZWNyZXQ=' },
      delivery: 'redirect',
    },
  },
  filesystem: {
    summary: "The gateway's own data folder, by a platform token",
    value: { adapter: 'filesystem' },
  },
};

/** A storage binding, as answered; without credentials. */
export class StorageBindingDto {
  @ApiProperty({ enum: ADAPTERS, example: 's3' })
  adapter: Adapter;

  @ApiProperty({ type: String, enum: PROFILES, nullable: true, example: 'ceph' })
  profile: string | null;

  @ApiProperty({ type: String, nullable: true, example: 'https://objects.example.com' })
  endpoint: string | null;

  @ApiProperty({ type: String, nullable: true, example: null })
  region: string | null;

  @ApiProperty({ type: String, nullable: true, example: 'acme-documents' })
  bucket: string | null;

  @ApiProperty({ type: String, nullable: true, example: null })
  container: string | null;

  @ApiProperty({ type: String, nullable: true, example: null })
  prefix: string | null;

  @ApiProperty({ enum: DELIVERIES, example: 'direct' })
  delivery: Delivery;

  @ApiProperty({ format: 'date-time', example: '2030-01-31T12:00:00.000Z' })
  created_at: string;

  @ApiProperty({ format: 'date-time', example: '2030-01-31T12:00:00.000Z' })
  updated_at: string;
}

/** Renders a binding. Its credentials stay where they are. */
export function toStorageBindingDto({
  place,
  delivery,
  createdAt,
  updatedAt,
}: KeptBinding): StorageBindingDto {
  const isAzure = place.adapter === 'azure';
  return {
    adapter: place.adapter,
    profile: place.profile,
    endpoint: place.endpoint,
    region: place.region,
    bucket: isAzure ? null : place.bucket,
    container: isAzure ? place.bucket : null,
    prefix: place.prefix === '' ? null : place.prefix,
    delivery,
    created_at: createdAt.toISOString(),
    updated_at: updatedAt.toISOString(),
  };
}
