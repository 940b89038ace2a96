import { uuidFromBytes } from '#kernel';
import { createHmac, timingSafeEqual, type KeyObject } from 'node:crypto';

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
const MAC_LENGTH = 32;
/** 96 bytes are 128 characters of base64url with no bits to spare, so that no two texts stand for one link. */
const TEXT = /^[A-Za-z0-9_-]{128}$/;
const TENANT_KEY = /^[a-z0-9]{12}$/;
const CONTEXT = Buffer.from('gatehold link v1\0', 'utf8');

/** A link that has been read but not believed yet. */
export interface UnverifiedLink {
  readonly claims: LinkClaims;
  readonly bytes: Buffer;
}

/** Signs claims with HMAC-SHA-256 and answers the link's text. */
export function signLink(claims: LinkClaims, key: KeyObject): string {
  const bytes = encode(claims);
  mac(bytes.subarray(0, CLAIMS_LENGTH), key).copy(bytes, CLAIMS_LENGTH);
  return bytes.toString('base64url');
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
  return timingSafeEqual(bytes.subarray(CLAIMS_LENGTH), mac(bytes.subarray(0, CLAIMS_LENGTH), key));
}

function mac(body: Buffer, key: KeyObject): Buffer {
  return createHmac('sha256', key).update(CONTEXT).update(body).digest();
}

/**
 * purpose 1, flags 1, key 2, tenant 12, source 16, incarnation 6 (ms), issued 5, expires 5, reference 16; and room for the
 * signature, since a batch makes a thousand of these and need not copy each.
 */
function encode(claims: LinkClaims): Buffer {
  const body = Buffer.alloc(CLAIMS_LENGTH + MAC_LENGTH);
  const inline = claims.disposition === 'inline' ? FLAG_INLINE : 0;
  body[0] = PURPOSE_DOWNLOAD;
  body[1] = inline | (claims.kind === 'managed' ? FLAG_MANAGED : 0);
  body.writeUInt16BE(claims.keyId, 2);
  body.write(claims.tenantKey, 4, 12, 'latin1');
  writeUuid(body, claims.sourceId, 16);
  body.writeUIntBE(claims.sourceCreatedAt.getTime(), 32, 6);
  body.writeUIntBE(claims.issuedAt, 38, 5);
  body.writeUIntBE(claims.expiresAt, 43, 5);
  writeUuid(body, claims.referenceId, 48);
  return body;
}

function writeUuid(body: Buffer, uuid: string, at: number): void {
  body.write(uuid.replaceAll('-', ''), at, 16, 'hex');
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
