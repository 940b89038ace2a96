import { declaredSha256, validationFailed, type GatewayRequest } from '#http';
import { createHash } from 'node:crypto';

/**
 * Holds a form to the SHA-256 its request claims. By RFC 9530 §2 the claim is about the whole body, boundaries and
 * all; many clients mean the file, so either will do, and a claim is never ignored.
 */
export class FormDigest {
  private readonly hash = createHash('sha256');

  private constructor(private readonly claimed: string) {}

  /** Null when nothing is claimed. */
  static of(request: GatewayRequest): FormDigest | null {
    const claimed = declaredSha256(request.headers);
    return claimed === null ? null : new FormDigest(claimed);
  }

  /** The body as it is, listened to as it is read. */
  async *watch(body: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
    for await (const chunk of body) {
      this.hash.update(chunk);
      yield chunk;
    }
  }

  /** Throws `validation_failed` when the claim is neither the file's digest nor that of the body, read to its end. */
  assertMatches(fileSha256: string): void {
    if (fileSha256 === this.claimed) return;
    if (this.hash.digest('hex') === this.claimed) return;
    throw validationFailed([
      { field: 'Content-Digest', code: 'invalid', message: 'is the digest of neither the file nor the body' },
    ]);
  }
}
