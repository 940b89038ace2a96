import { FailedAttempts } from '#auth';
import { Clock } from '#kernel';
import { Injectable } from '@nestjs/common';

import { PresignErrors } from './presign.errors.js';
import { PublicUrl } from './public-url.js';
import { SigningKeyService } from './signing-key.service.js';
import {
  digestOf,
  isAuthenticUpload,
  parseUpload,
  signUpload,
  type BoundBytes,
  type UploadClaims,
} from './upload-claims.js';

/** What a URL is to take. */
export interface UploadTarget extends BoundBytes {
  readonly uploadId: string;
  /** 0: the whole upload. */
  readonly partNumber: number;
  /** Whole seconds since 1970. */
  readonly expiresAt: number;
}

/** Where the gateway takes bytes of uploads. */
export const UPLOAD_PATH = '/u/';

/** Makes and checks URLs by which whoever holds them may send the bytes of one upload. */
@Injectable()
export class UploadUrlService {
  constructor(
    private readonly keys: SigningKeyService,
    private readonly publicUrl: PublicUrl,
    private readonly clock: Clock,
    private readonly failures: FailedAttempts,
  ) {}

  /** Makes URLs for uploads of one tenant. */
  async signerOf(tenantId: string): Promise<(target: UploadTarget) => string> {
    const { tenantKey, keyId, key } = await this.keys.getCurrent(tenantId);
    return ({ uploadId, partNumber, expiresAt, ...bytes }) => {
      const claims = { tenantKey, keyId, uploadId, partNumber, expiresAt, bound: digestOf(bytes) };
      return `${this.publicUrl.base}${UPLOAD_PATH}${signUpload(claims, key)}`;
    };
  }

  /**
   * The claims of a URL that was signed here and has not expired. Throws `link_invalid` or `upload_gone`; what was not signed
   * here counts as a bad credential of the client's `address`, and is answered 429 where too many came from.
   */
  async verify(text: string, address: string): Promise<UploadClaims> {
    const upload = parseUpload(text);
    if (upload === null) throw this.failures.refusal(address, PresignErrors.invalid());
    const { claims } = upload;
    const key = await this.keys.find(claims.tenantKey, claims.keyId);
    if (key === null || !isAuthenticUpload(upload, key.key))
      throw this.failures.refusal(address, PresignErrors.invalid());
    if (claims.expiresAt <= this.clock.nowSeconds()) throw PresignErrors.uploadGone();
    return claims;
  }

  /** Throws `link_invalid` when a URL was made for other bytes than these. */
  assertBound({ bound }: UploadClaims, bytes: BoundBytes): void {
    if (!bound.equals(digestOf(bytes))) throw PresignErrors.invalid();
  }
}
