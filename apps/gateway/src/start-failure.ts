import { DefaultStorageError } from '#binding';
import type { GatewayConfig } from '#config';
import {
  DatabaseUnusableError,
  EmbeddedPostgresError,
  EmbeddedPostgresInUseError,
  NoDatabaseError,
} from '#database';

import { KeyRotationError } from './key-rotation.js';
import { DataFolderError, UnusableSecretError } from './secrets.js';

/** Failures whose message says to an operator all there is to say; a stack would only hide it. */
const PLAIN = [
  DatabaseUnusableError,
  DataFolderError,
  DefaultStorageError,
  EmbeddedPostgresError,
  EmbeddedPostgresInUseError,
  KeyRotationError,
  NoDatabaseError,
  UnusableSecretError,
];

/** What an operator is told when the gateway does not start: the setting to look at, where one is known. */
export function explainStartFailure(error: unknown, config: GatewayConfig): string {
  const code = typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined;
  const { host, port } = config.http;
  if (code === 'EADDRINUSE') return `Port ${port} on ${host} is in use. Set PORT to another one.`;
  if (code === 'EACCES' && port < 1024)
    return `Port ${port} may not be opened by this user. Set PORT to one above 1023.`;
  if (code === 'EADDRNOTAVAIL' || code === 'ENOTFOUND' || code === 'EAI_AGAIN')
    return `This machine has no address ${host}. Set HOST to one it has.`;
  if (!(error instanceof Error)) return String(error);
  return PLAIN.some((kind) => error instanceof kind) ? error.message : (error.stack ?? error.message);
}
