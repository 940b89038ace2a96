import { uuidFromBytes, writeUuid } from '#kernel';
import { timingSafeEqual, type KeyObject } from 'node:crypto';

import { ShortMac } from './short-mac.js';

/**
 * What a link says. It is bound to the tenant, to one incarnation of one source (an id deleted and made again is
 * another), to its end, to how the file is shown, and to the token that issued it or the row that manages it.
 */
export interface LinkClaims {
  readonly tenantKey: string;
  readonly keyId: number;
  readonly sourceId: string;
  /** When the source was made; tells incarnations of an id apart. */
  readonly sourceCreatedAt: Date;
  /** Whole seconds. */
  readonly issuedAt: number;
  /** Whole seconds; the link is good before this moment. */
  readonly expiresAt: number;
  readonly disposition: 'attachment' | 'inline';
  /** `managed`: `referenceId` is the link's row; `stateless`: it is the issuing token. */
  readonly kind: 'managed' | 'stateless';
  readonly referenceId: string;
}

const PURPOSE_DOWNLOAD = 1;
const FLAG_INLINE = 1;
const FLAG_MANAGED = 2;
const CLAIMS_LENGTH = 64;
const TENANT_KEY_LENGTH = 12;
const MAC_LENGTH = 32;
/** 96 bytes are 128 characters of base64url with no bits to spare, so that no two texts stand for one link. */
const TEXT = /^[A-Za-z0-9_-]{128}$/;
const TENANT_KEY = /^[a-z0-9]{12}$/;
const CONTEXT = 'gatehold link v1\0';

/** What signs links by one key. */
interface Signer {
  readonly mac: ShortMac;
  /** Whose claims stand where they are signed; null where that is not known. */
  written: LinkClaims | null;
}
/** By the key, so that each is exported once. */
const signers = new WeakMap<KeyObject, Signer>();
/** Where a link is put together; nothing waits between the beginning and the end of that. */
const SIGNED = Buffer.alloc(CLAIMS_LENGTH + MAC_LENGTH);

/** A link that has been read but not believed yet. */
export interface UnverifiedLink {
  readonly claims: LinkClaims;
  readonly bytes: Buffer;
}

/** Signs claims with HMAC-SHA-256 and answers the link's text. */
export function signLink(claims: LinkClaims, key: KeyObject): string {
  const signer = signerOf(key);
  const { mac } = signer;
  encode(claims, mac.message, signer.written);
  signer.written = claims;
  SIGNED.set(mac.message);
  mac.writeTo(SIGNED, CLAIMS_LENGTH);
  return SIGNED.toString('base64url');
}

/** Reads a link; null when it cannot be one. Nothing it says may be used before {@link isAuthentic}. */
export function parseLink(text: string): UnverifiedLink | null {
  if (!TEXT.test(text)) return null;
  const bytes = Buffer.from(text, 'base64url');
  const claims = decode(bytes);
  return claims === null ? null : { claims, bytes };
}

/** Compares the signature in constant time. */
export function isAuthentic({ bytes }: UnverifiedLink, key: KeyObject): boolean {
  const signer = signerOf(key);
  const { mac } = signer;
  signer.written = null;
  bytes.copy(mac.message, 0, 0, CLAIMS_LENGTH);
  mac.writeTo(SIGNED, CLAIMS_LENGTH);
  return timingSafeEqual(bytes.subarray(CLAIMS_LENGTH), SIGNED.subarray(CLAIMS_LENGTH));
}

function signerOf(key: KeyObject): Signer {
  let signer = signers.get(key);
  if (signer === undefined)
    signers.set(key, (signer = { mac: new ShortMac(key, CONTEXT, CLAIMS_LENGTH), written: null }));
  return signer;
}

/**
 * purpose 1, flags 1, key 2, tenant 12, source 16, incarnation 6 (ms), issued 5, expires 5, reference 16. What all links of a
 * batch say alike is not written again where it stands there from the one before.
 */
function encode(claims: LinkClaims, body: Buffer, written: LinkClaims | null): void {
  const inline = claims.disposition === 'inline' ? FLAG_INLINE : 0;
  body[0] = PURPOSE_DOWNLOAD;
  body[1] = inline | (claims.kind === 'managed' ? FLAG_MANAGED : 0);
  if (claims.keyId !== written?.keyId) body.writeUInt16BE(claims.keyId, 2);
  if (claims.tenantKey !== written?.tenantKey)
    for (let at = 0; at < TENANT_KEY_LENGTH; at += 1) body[4 + at] = claims.tenantKey.charCodeAt(at);
  writeUuid(claims.sourceId, body, 16);
  body.writeUIntBE(claims.sourceCreatedAt.getTime(), 32, 6);
  if (claims.issuedAt !== written?.issuedAt) body.writeUIntBE(claims.issuedAt, 38, 5);
  if (claims.expiresAt !== written?.expiresAt) body.writeUIntBE(claims.expiresAt, 43, 5);
  if (claims.referenceId !== written?.referenceId) writeUuid(claims.referenceId, body, 48);
}

function decode(bytes: Buffer): LinkClaims | null {
  const flags = bytes[1] ?? 0;
  const tenantKey = bytes.toString('latin1', 4, 16);
  if (bytes.length !== CLAIMS_LENGTH + MAC_LENGTH || bytes[0] !== PURPOSE_DOWNLOAD || flags > 3) return null;
  if (!TENANT_KEY.test(tenantKey)) return null;
  return {
    tenantKey,
    keyId: bytes.readUInt16BE(2),
    sourceId: uuidFromBytes(bytes.subarray(16, 32)),
    sourceCreatedAt: new Date(bytes.readUIntBE(32, 6)),
    issuedAt: bytes.readUIntBE(38, 5),
    expiresAt: bytes.readUIntBE(43, 5),
    disposition: (flags & FLAG_INLINE) === 0 ? 'attachment' : 'inline',
    kind: (flags & FLAG_MANAGED) === 0 ? 'stateless' : 'managed',
    referenceId: uuidFromBytes(bytes.subarray(48, 64)),
  };
}
