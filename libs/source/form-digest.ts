import { declaredSha256, validationFailed, type GatewayRequest } from '#http';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';

/**
 * Holds a form to the SHA-256 its request claims. By RFC 9530 §2 the claim is about the whole body, boundaries and
 * all; many clients mean the file, so either will do, and a claim is never ignored.
 */
export class FormDigest {
  private readonly hash = createHash('sha256');

  private constructor(
    private readonly claimed: string,
    private readonly body: IncomingMessage,
  ) {
    body.on('data', (chunk: Buffer) => this.hash.update(chunk));
  }

  /** Null when nothing is claimed. Call it just before the form is read: it listens along from the first byte. */
  static of(request: GatewayRequest): FormDigest | null {
    const claimed = declaredSha256(request.headers);
    return claimed === null ? null : new FormDigest(claimed, request.raw);
  }

  /** Throws `validation_failed` when the claim is neither the file's digest nor that of the body. */
  async assertMatches(fileSha256: string): Promise<void> {
    if (fileSha256 === this.claimed) return;
    // The parser is done at the last boundary; the body may have a few bytes after it.
    if (!this.body.readableEnded) await once(this.body, 'end');
    if (this.hash.digest('hex') === this.claimed) return;
    throw validationFailed([
      { field: 'Content-Digest', code: 'invalid', message: 'is the digest of neither the file nor the body' },
    ]);
  }
}
