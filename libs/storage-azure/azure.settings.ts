import { CodedError, Secret } from '#kernel';
import { type StorageBinding, StorageErrors } from '#storage';

/** What a binding of this driver says, checked. */
export interface AzureSettings {
  /** The whole URL of the blob service, without a slash at its end; on an emulator it names the account too. */
  readonly endpoint: string;
  readonly container: string;
  /** Put before every key, with a slash between; empty for none. */
  readonly prefix: string;
  /** Make the container when it is absent. */
  readonly create: boolean;
  readonly accountName: string;
  readonly accountKey: Secret;
}

/** Rules for container names: "Naming and referencing containers, blobs, and metadata". */
const CONTAINER = /^(?=.{3,63}$)[a-z0-9]+(?:-[a-z0-9]+)*$/;
/** Account keys are base64. The SDK takes anything, and signs with what is left of it. */
const ACCOUNT_KEY = /^(?:[A-Za-z0-9+/]{4})+(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

/** Reads a binding. Fails with `storage_unavailable`, naming the setting and never its value. */
export function parseAzureSettings({ settings }: StorageBinding): AzureSettings {
  const container = text(settings, 'bucket');
  if (!CONTAINER.test(container)) throw unusable('bucket');
  const accountKey = secret(settings, 'account_key');
  if (!ACCOUNT_KEY.test(accountKey.reveal())) throw unusable('account_key');
  return {
    endpoint: serviceUrl(text(settings, 'endpoint')),
    container,
    prefix: settings['prefix'] == null || settings['prefix'] === '' ? '' : text(settings, 'prefix'),
    create: settings['create'] === true,
    accountName: secret(settings, 'account_name').reveal(),
    accountKey,
  };
}

/** Scheme, host, port and path. A query could be a signature that grants more than the account key does. */
function serviceUrl(endpoint: string): string {
  const url = URL.canParse(endpoint) ? new URL(endpoint) : null;
  if (url === null || !/^https?:$/.test(url.protocol)) throw unusable('endpoint');
  if (url.username !== '' || url.password !== '' || url.search !== '' || url.hash !== '')
    throw unusable('endpoint');
  return (url.origin + url.pathname).replace(/\/+$/, '');
}

type Settings = StorageBinding['settings'];

function text(settings: Settings, name: string): string {
  const value = settings[name];
  if (typeof value !== 'string' || value === '') throw unusable(name);
  return value;
}

function secret(settings: Settings, name: string): Secret {
  const value = settings[name];
  if (!(value instanceof Secret) || typeof value.reveal() !== 'string' || value.reveal() === '')
    throw unusable(name);
  return value as Secret;
}

function unusable(name: string): CodedError {
  return new CodedError(StorageErrors.unavailable, `The storage binding's ${name} cannot be used.`);
}
