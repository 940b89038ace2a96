import { createCipheriv, createDecipheriv, createHmac, hkdfSync, randomBytes } from 'node:crypto';

import type { Secret } from './secret.js';

const VERSION = 1;
const NONCE_LENGTH = 12;
const TAG_LENGTH = 16;

/** A value came back from storage that was not sealed under this key for this place. */
export class SealBrokenError extends Error {
  override readonly name = 'SealBrokenError';
}

/**
 * Seals small secrets for storage with AES-256-GCM under a key derived from the master key. The place a secret is
 * kept in (tenant and row) is authenticated with it, so that a sealed value moved to another row does not open.
 */
export class Sealer {
  readonly #key: Buffer;
  readonly #fingerprint: string;

  /** `masterKey` has exactly 32 bytes. */
  constructor(masterKey: Secret<Buffer>) {
    const bytes = masterKey.reveal();
    if (bytes.length !== 32) throw new TypeError('A master key has 32 bytes.');
    this.#key = Buffer.from(hkdfSync('sha256', bytes, '', 'gatehold sealing v1', 32));
    this.#fingerprint = createHmac('sha256', bytes)
      .update('gatehold fingerprint v1')
      .digest('hex')
      .slice(0, 32);
  }

  /** Tells master keys apart without saying anything about them. */
  get fingerprint(): string {
    return this.#fingerprint;
  }

  seal(plain: Buffer, place: string): Buffer {
    const nonce = randomBytes(NONCE_LENGTH);
    const cipher = createCipheriv('aes-256-gcm', this.#key, nonce, { authTagLength: TAG_LENGTH });
    cipher.setAAD(Buffer.from(place, 'utf8'));
    const body = Buffer.concat([cipher.update(plain), cipher.final()]);
    return Buffer.concat([Buffer.from([VERSION]), nonce, body, cipher.getAuthTag()]);
  }

  /** Throws {@link SealBrokenError} when the value was sealed under another key or for another place, or was changed. */
  open(sealed: Buffer, place: string): Buffer {
    if (sealed.length < 1 + NONCE_LENGTH + TAG_LENGTH || sealed[0] !== VERSION)
      throw new SealBrokenError('Not a sealed value.');
    const nonce = sealed.subarray(1, 1 + NONCE_LENGTH);
    const decipher = createDecipheriv('aes-256-gcm', this.#key, nonce, { authTagLength: TAG_LENGTH });
    decipher.setAAD(Buffer.from(place, 'utf8'));
    decipher.setAuthTag(sealed.subarray(-TAG_LENGTH));
    try {
      return Buffer.concat([
        decipher.update(sealed.subarray(1 + NONCE_LENGTH, -TAG_LENGTH)),
        decipher.final(),
      ]);
    } catch (error) {
      throw new SealBrokenError('A sealed value does not open.', { cause: error });
    }
  }
}
