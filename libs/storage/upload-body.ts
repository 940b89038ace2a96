import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { types } from 'node:util';
import { CodedError, CommonErrors } from '#kernel';
import { abortFailure } from './abort.js';
import type { BodySource, PutOptions, PutResult } from './object-calls.js';
import { StorageErrors } from './storage.errors.js';

/**
 * The reading half of a put, the same for every adapter: takes chunks from the source one at a time, counts and
 * hashes them, holds them to the declared size, checksum and limit, and gives up as soon as the signal says so,
 * even while the source is silent. Always `close` it.
 */
export class UploadBody {
  readonly #iterator: AsyncIterator<unknown>;
  readonly #options: PutOptions;
  readonly #hash = createHash('sha256');
  #sizeBytes = 0;
  #result: PutResult | null = null;
  #interrupt: ((reason: unknown) => void) | null = null;

  /** Touches nothing of the source. Throws when the put cannot succeed: used up, aborted, declared too large. */
  constructor(source: BodySource, options: PutOptions) {
    const { signal, expectedSize, maxBytes } = options;
    if (signal?.aborted) throw abortFailure(signal, StorageErrors.uploadIncomplete);
    if (expectedSize !== undefined && maxBytes !== undefined && expectedSize > maxBytes)
      throw tooLarge(maxBytes);
    if (source instanceof Readable && source.readableEnded)
      throw new CodedError(StorageErrors.uploadIncomplete, 'The body has been read before.');
    this.#options = options;
    this.#iterator = iterateBody(source);
    signal?.addEventListener('abort', this.#onAbort, { once: true });
  }

  /**
   * The next chunk, or null when the source has ended and everything declared has come true. Only one call at a
   * time. Throws `upload_incomplete`, `payload_too_large`, `size_mismatch`, `checksum_mismatch`, or the coded
   * error that the source failed with.
   */
  async next(): Promise<Uint8Array | null> {
    const step = await this.#step();
    if (step.done === true) {
      this.#result = this.#finish();
      return null;
    }
    const chunk = step.value;
    if (!types.isUint8Array(chunk))
      throw new CodedError(CommonErrors.internal, 'A body yielded something that is not bytes.');
    this.#sizeBytes += chunk.byteLength;
    const { expectedSize = Infinity, maxBytes = Infinity } = this.#options;
    if (this.#sizeBytes > maxBytes) throw tooLarge(maxBytes);
    if (this.#sizeBytes > expectedSize) throw sizeMismatch();
    this.#hash.update(chunk);
    return chunk;
  }

  /** Throws when the signal has fired; for the moments between the last chunk and the object's becoming visible. */
  throwIfAborted(): void {
    const { signal } = this.#options;
    if (signal?.aborted) throw abortFailure(signal, StorageErrors.uploadIncomplete);
  }

  /** Size and checksum; only after `next` has answered null. */
  get result(): PutResult {
    if (this.#result === null) throw new CodedError(CommonErrors.internal, 'A body was not read to its end.');
    return this.#result;
  }

  /** Lets go of the source and the signal. A readable source is left as it stands. */
  close(): void {
    this.#options.signal?.removeEventListener('abort', this.#onAbort);
    if (this.#result !== null) return;
    // Not awaited: a generator that is waiting for its own input answers only when that comes.
    Promise.resolve(this.#iterator.return?.()).catch(() => undefined);
  }

  readonly #onAbort = (): void => {
    const { signal } = this.#options;
    if (signal) this.#interrupt?.(abortFailure(signal, StorageErrors.uploadIncomplete));
  };

  /** One executor per step rather than a race with one long promise, which would gather a reaction per chunk. */
  #step(): Promise<IteratorResult<unknown>> {
    return new Promise((resolve, reject) => {
      this.throwIfAborted();
      this.#interrupt = reject;
      this.#iterator.next().then(resolve, (error: unknown) => reject(incomplete(error)));
    });
  }

  #finish(): PutResult {
    const { expectedSize, expectedSha256 } = this.#options;
    if (expectedSize !== undefined && this.#sizeBytes !== expectedSize) throw sizeMismatch();
    const checksumSha256 = this.#hash.digest('hex');
    if (expectedSha256 !== undefined && checksumSha256 !== expectedSha256)
      throw new CodedError(StorageErrors.checksumMismatch, 'The content does not have the declared SHA-256.');
    return { sizeBytes: this.#sizeBytes, checksumSha256 };
  }
}

/** Reads a body in a way that leaves a `Readable` to its owner; see `ObjectStorage.put`. */
export function iterateBody(source: BodySource): AsyncIterator<unknown> {
  if (!(source instanceof Readable)) return source[Symbol.asyncIterator]();
  // The source may break before the first read; without a listener that would end the process.
  source.on('error', () => undefined);
  return source.iterator({ destroyOnReturn: false });
}

function incomplete(error: unknown): CodedError {
  if (error instanceof CodedError) return error;
  return new CodedError(StorageErrors.uploadIncomplete, 'The upload ended early.', { cause: error });
}

function tooLarge(maxBytes: number): CodedError {
  return new CodedError(CommonErrors.payloadTooLarge, `At most ${maxBytes} bytes are accepted.`);
}

function sizeMismatch(): CodedError {
  return new CodedError(StorageErrors.sizeMismatch, 'The content does not have the declared size.');
}
