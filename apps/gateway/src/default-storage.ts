import type { Delivery, OperatorDefault } from '#binding';
import type { GatewayConfig } from '#config';
import { Secret } from '#kernel';
import type { StorageBinding } from '#storage';

/** The operator's default storage, as the settings describe it. */
export function defaultStorage(
  { storage }: GatewayConfig,
  own: StorageBinding,
  chosen?: Delivery,
): OperatorDefault {
  const { adapter, endpoint, region, bucket, prefix, create } = storage;
  const profile = adapter === 's3' ? (storage.profile ?? 'aws') : null;
  const named = {
    access_key_id: storage.accessKeyId,
    secret_access_key: storage.secretAccessKey,
    session_token: storage.sessionToken,
    account_name: storage.accountName,
    account_key: storage.accountKey,
  };
  const credentials = Object.entries(named).flatMap(([name, secret]) =>
    secret === null ? [] : [[name, secret.reveal()] as const],
  );
  return {
    own,
    place: { adapter, profile, endpoint, region, bucket, prefix: prefix ?? '' },
    credentials: adapter === 'filesystem' ? null : new Secret(Object.fromEntries(credentials)),
    delivery: adapter === 'filesystem' ? 'proxy' : (chosen ?? storage.delivery ?? 'direct'),
    create,
  };
}
