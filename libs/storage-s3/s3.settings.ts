import { CodedError, Secret } from '#kernel';
import { type StorageBinding, StorageErrors } from '#storage';

import { S3_PROFILES, type S3Profile, type S3ProfileName } from './s3.profiles.js';

/** Access keys, static or temporary. */
export interface S3Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: Secret;
  readonly sessionToken?: Secret | undefined;
}

/** What a binding of this driver says, checked. */
export interface S3Settings {
  readonly profile: S3Profile;
  /** Scheme, host and port. */
  readonly endpoint: string;
  readonly region: string;
  readonly bucket: string;
  /** Put before every key, with a slash between; empty for none. */
  readonly prefix: string;
  /** Make the bucket when it is absent. */
  readonly create: boolean;
  readonly credentials: S3Credentials;
}

/** Reads a binding. Fails with `storage_unavailable`, naming the setting and never its value. */
export function parseS3Settings({ settings }: StorageBinding): S3Settings {
  const profile = profileOf(settings['profile'] ?? 'aws');
  const region = optionalText(settings, 'region') ?? profile.region;
  // It becomes part of a host name and of what is signed.
  if (!/^[A-Za-z0-9_-]{1,64}$/.test(region)) throw unusable('region');
  const endpoint = optionalText(settings, 'endpoint') ?? profile.endpoint?.(region);
  if (endpoint === undefined || !URL.canParse(endpoint)) throw unusable('endpoint');
  return {
    profile,
    endpoint: new URL(endpoint).origin,
    region,
    bucket: bucketOf(settings),
    prefix: prefixOf(settings),
    create: settings['create'] === true,
    credentials: {
      accessKeyId: text(settings, 'access_key_id'),
      secretAccessKey: secret(settings, 'secret_access_key'),
      sessionToken: settings['session_token'] == null ? undefined : secret(settings, 'session_token'),
    },
  };
}

type Settings = StorageBinding['settings'];

function profileOf(name: unknown): S3Profile {
  if (typeof name !== 'string' || !Object.hasOwn(S3_PROFILES, name)) throw unusable('profile');
  return S3_PROFILES[name as S3ProfileName];
}

/** A name in a path or in a host name, and no ARN: it must not lead anywhere but to a bucket of the endpoint. */
function bucketOf(settings: Settings): string {
  const bucket = text(settings, 'bucket');
  if (!/^[A-Za-z0-9](?:[A-Za-z0-9_-]|\.(?!\.)){1,220}[A-Za-z0-9]$/.test(bucket)) throw unusable('bucket');
  return bucket;
}

/** Any text that every HTTP client leaves as it is in a path: dot segments and empty ones are not. */
function prefixOf(settings: Settings): string {
  const prefix = optionalText(settings, 'prefix') ?? '';
  const isPlain = prefix.split('/').every((segment) => !['', '.', '..'].includes(segment));
  // XML, which lists are written in, has no control characters; S3's keys have at most 1,024 bytes.
  const isWritable = !/\p{Cc}/u.test(prefix) && prefix.isWellFormed() && Buffer.byteLength(prefix) <= 512;
  if (prefix !== '' && !(isPlain && isWritable)) throw unusable('prefix');
  return prefix;
}

/** Bindings have whatever comes with their credentials wrapped, so the key id too. */
function text(settings: Settings, name: string): string {
  const given = settings[name];
  const value = given instanceof Secret ? (given.reveal() as unknown) : given;
  if (typeof value !== 'string' || value === '') throw unusable(name);
  return value;
}

function optionalText(settings: Settings, name: string): string | undefined {
  return settings[name] == null || settings[name] === '' ? undefined : text(settings, name);
}

function secret(settings: Settings, name: string): Secret {
  const value = settings[name];
  if (!(value instanceof Secret)) throw unusable(name);
  return value as Secret;
}

function unusable(name: string): CodedError {
  return new CodedError(StorageErrors.unavailable, `The storage binding's ${name} cannot be used.`);
}
