import { isTrustworthyUrl } from '#kernel';
import type { JSONWebKeySet } from 'jose';

const TIMEOUT_MS = 3_000;
/** Far more than any provider's document has. */
const MAX_BYTES = 256 * 1024;
/** A key that signs and verifies alike is no public key, whoever publishes it (RFC 7518 §6.4). */
const PUBLIC_KEY_TYPES: readonly unknown[] = ['RSA', 'EC', 'OKP'];

/**
 * The keys that a provider signs with, by its discovery document (OpenID Connect Discovery 1.0 §4). Throws when anything
 * about the answers is not as it has to be; what it throws is for the log.
 */
export async function fetchKeySet(issuer: string): Promise<JSONWebKeySet> {
  const discovery = await fetchJson(`${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`);
  // §4.3: or one provider could speak for another.
  if (discovery['issuer'] !== issuer) throw new Error('The discovery document is that of another issuer.');
  const uri = discovery['jwks_uri'];
  if (typeof uri !== 'string' || !isTrustworthyUrl(uri) || isWeaker(uri, issuer))
    throw new Error('The discovery document names no https address of keys.');
  const { keys } = await fetchJson(uri);
  const usable = Array.isArray(keys) ? (keys as unknown[]).filter(isPublicKey) : [];
  if (usable.length === 0) throw new Error('The document of keys holds none.');
  return { keys: usable };
}

function isWeaker(uri: string, issuer: string): boolean {
  return uri.startsWith('http:') && issuer.startsWith('https:');
}

function isPublicKey(key: unknown): key is JSONWebKeySet['keys'][number] {
  return typeof key === 'object' && key !== null && 'kty' in key && PUBLIC_KEY_TYPES.includes(key.kty);
}

async function fetchJson(url: string): Promise<Record<string, unknown>> {
  const response = await fetch(url, {
    headers: { accept: 'application/json' },
    // Whoever can have a provider redirect could bring keys of its own.
    redirect: 'error',
    signal: AbortSignal.timeout(TIMEOUT_MS),
  });
  if (response.status !== 200) {
    await response.body?.cancel();
    throw new Error(`The provider answered ${response.status}.`);
  }
  const value: unknown = JSON.parse(await readBounded(response));
  if (typeof value !== 'object' || value === null) throw new Error('The provider’s document is no object.');
  return value as Record<string, unknown>;
}

async function readBounded({ body }: Response): Promise<string> {
  const pieces: Uint8Array[] = [];
  let length = 0;
  // Leaving the loop cancels the rest.
  for await (const piece of (body ?? []) as AsyncIterable<Uint8Array>) {
    length += piece.length;
    if (length > MAX_BYTES) throw new Error('The provider’s document is too large.');
    pieces.push(piece);
  }
  return Buffer.concat(pieces).toString('utf8');
}
