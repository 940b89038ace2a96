import { declaredSha256, type GatewayRequest } from '#http';
import { createHash, timingSafeEqual, type Hash } from 'node:crypto';

import { TusErrors } from './tus.errors.js';

type Headers = GatewayRequest['headers'];

/** What `Upload-Checksum` may name, the best one first; tus asks for SHA-1 at least. */
export const CHECKSUM_ALGORITHMS = ['sha256', 'sha1', 'md5'] as const;

const LENGTHS: Readonly<Record<string, number>> = { sha256: 32, sha1: 20, md5: 16 };
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

interface Check {
  readonly hash: Hash;
  readonly declared: Buffer;
}

/**
 * Holds the body of one request to the checksums that its headers declare: `Upload-Checksum` (tus 1.0, Checksum), and
 * `Content-Digest` or `Repr-Digest` (RFC 9530).
 */
export class BodyChecksum {
  private constructor(private readonly checks: readonly Check[]) {}

  /**
   * Null when the headers declare none. Throws `malformed_request` for a declaration that cannot be read, and
   * `checksum_algorithm_unsupported`: what is declared is verified, or the request is refused.
   */
  static of(headers: Headers): BodyChecksum | null {
    const digest = declaredSha256(headers);
    const declared = [
      parseUploadChecksum(headers['upload-checksum']),
      digest === null ? null : { hash: createHash('sha256'), declared: Buffer.from(digest, 'hex') },
    ];
    const checks = declared.filter((check) => check !== null);
    return checks.length === 0 ? null : new BodyChecksum(checks);
  }

  update(chunk: Uint8Array): void {
    for (const { hash } of this.checks) hash.update(chunk);
  }

  /** Throws `chunk_checksum_mismatch` unless all that came has the declared checksums. To be asked once. */
  assertMatches(): void {
    if (!this.checks.every(({ hash, declared }) => timingSafeEqual(hash.digest(), declared)))
      throw TusErrors.checksum();
  }
}

function parseUploadChecksum(field: string | string[] | undefined): Check | null {
  if (field === undefined) return null;
  const [algorithm = '', encoded = '', ...more] = String(field).trim().split(/ +/);
  const length = CHECKSUM_ALGORITHMS.some((known) => known === algorithm) ? LENGTHS[algorithm] : undefined;
  if (length === undefined) throw TusErrors.algorithm(CHECKSUM_ALGORITHMS);
  const declared = Buffer.from(encoded, 'base64');
  if (!BASE64.test(encoded) || declared.length !== length || more.length > 0)
    throw TusErrors.malformed(`Upload-Checksum: not a ${algorithm} in base64.`);
  return { hash: createHash(algorithm), declared };
}
