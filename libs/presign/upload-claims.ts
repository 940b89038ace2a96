import { uuidFromBytes, uuidToBytes } from '#kernel';
import { createHash, createHmac, createSecretKey, timingSafeEqual, type KeyObject } from 'node:crypto';

/** What the bytes of an upload have to be. */
export interface BoundBytes {
  /** Null where no size was declared. */
  readonly sizeBytes: number | null;
  /** Null where none was declared. */
  readonly contentType: string | null;
  /** Hex; null where none was declared. */
  readonly checksumSha256: string | null;
}

/** What a URL of the gateway that takes bytes says: for which upload, which part of it, what bytes, and until when. */
export interface UploadClaims {
  readonly tenantKey: string;
  readonly keyId: number;
  readonly uploadId: string;
  /** 0: the whole of it. */
  readonly partNumber: number;
  /** Whole seconds; the URL is good before this moment. */
  readonly expiresAt: number;
  /** {@link digestOf} what is bound. */
  readonly bound: Buffer;
}

/** Text that has been read but not believed yet. */
export interface UnverifiedUpload {
  readonly claims: UploadClaims;
  readonly bytes: Buffer;
}

const PURPOSE_UPLOAD = 2;
const CLAIMS_LENGTH = 70;
/** 102 bytes are 136 characters of base64url with no bits to spare, so that no two texts stand for one URL. */
const TEXT = /^[A-Za-z0-9_-]{136}$/;
const TENANT_KEY = /^[a-z0-9]{12}$/;
const CONTEXT = 'gatehold upload v1';

/** Uploads are signed by keys of their own, so that whatever is signed for another purpose is nothing here. */
const derived = new WeakMap<KeyObject, KeyObject>();

/** Signs claims with HMAC-SHA-256, by a key made of the tenant's for this purpose alone, and answers the URL's text. */
export function signUpload(claims: UploadClaims, key: KeyObject): string {
  const body = encode(claims);
  return Buffer.concat([body, mac(body, key)]).toString('base64url');
}

/** Reads a text; null when it cannot be one. Nothing it says may be used before {@link isAuthenticUpload}. */
export function parseUpload(text: string): UnverifiedUpload | null {
  if (!TEXT.test(text)) return null;
  const bytes = Buffer.from(text, 'base64url');
  const tenantKey = bytes.toString('latin1', 3, 15);
  if (bytes[0] !== PURPOSE_UPLOAD || !TENANT_KEY.test(tenantKey)) return null;
  return { claims: decode(bytes, tenantKey), bytes };
}

/** Compares the signature in constant time. */
export function isAuthenticUpload({ bytes }: UnverifiedUpload, key: KeyObject): boolean {
  return timingSafeEqual(bytes.subarray(CLAIMS_LENGTH), mac(bytes.subarray(0, CLAIMS_LENGTH), key));
}

/** 32 bytes that stand for what is bound, and for nothing else. */
export function digestOf({ sizeBytes, contentType, checksumSha256 }: BoundBytes): Buffer {
  const text = JSON.stringify([sizeBytes, contentType, checksumSha256]);
  return createHash('sha256').update(text, 'utf8').digest();
}

function mac(body: Buffer, key: KeyObject): Buffer {
  return createHmac('sha256', uploadKeyOf(key)).update(body).digest();
}

function uploadKeyOf(key: KeyObject): KeyObject {
  let own = derived.get(key);
  if (own === undefined) {
    own = createSecretKey(createHmac('sha256', key).update(CONTEXT, 'utf8').digest());
    derived.set(key, own);
  }
  return own;
}

/** purpose 1, key 2, tenant 12, upload 16, part 2, expires 5, what is bound 32. */
function encode(claims: UploadClaims): Buffer {
  const body = Buffer.alloc(CLAIMS_LENGTH);
  body[0] = PURPOSE_UPLOAD;
  body.writeUInt16BE(claims.keyId, 1);
  body.write(claims.tenantKey, 3, 12, 'latin1');
  uuidToBytes(claims.uploadId).copy(body, 15);
  body.writeUInt16BE(claims.partNumber, 31);
  body.writeUIntBE(claims.expiresAt, 33, 5);
  claims.bound.copy(body, 38);
  return body;
}

function decode(bytes: Buffer, tenantKey: string): UploadClaims {
  return {
    tenantKey,
    keyId: bytes.readUInt16BE(1),
    uploadId: uuidFromBytes(bytes.subarray(15, 31)),
    partNumber: bytes.readUInt16BE(31),
    expiresAt: bytes.readUIntBE(33, 5),
    bound: bytes.subarray(38, CLAIMS_LENGTH),
  };
}
