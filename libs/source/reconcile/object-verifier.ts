import { BoundStorages } from '#binding';
import { CodedError, CommonErrors } from '#kernel';
import { parseObjectKey, StorageErrors } from '#storage';
import { Injectable } from '@nestjs/common';
import { createHash } from 'node:crypto';

import type { ByteRate } from './byte-rate.js';
import type { CorruptObject } from './findings.js';
import type { VerifiedSource } from './verification.store.js';

const READINGS = 2;

/** What a reading has shown; null when all is well, or there is nothing to compare. */
export type Verdict = CorruptObject['reason'] | null;

/** Reads an object as nobody's download does, and compares it with the checksum that was computed when it came. */
@Injectable()
export class ObjectVerifier {
  constructor(private readonly storages: BoundStorages) {}

  /**
   * An object that is not there, or of another size, is the comparison's to report. One that cannot be read to its end is
   * read once more before it is called unreadable. Throws when the storage cannot be reached at all, and when the signal
   * fires. `read` counts bytes.
   */
  async verify(
    tenantId: string,
    source: VerifiedSource,
    rate: ByteRate,
    read: (bytes: number) => void,
    signal: AbortSignal,
  ): Promise<Verdict> {
    const storage = await this.storages.open(tenantId, source.bindingId);
    const key = parseObjectKey(source.objectKey);
    for (let reading = 1; ; reading += 1) {
      try {
        const head = await storage.head(key, { signal });
        if (head === null || head.sizeBytes !== source.sizeBytes) return null;
      } catch (error) {
        if (CodedError.is(error, StorageErrors.contentUnavailable)) return null;
        throw error;
      }
      try {
        const hash = createHash('sha256');
        const body = await storage.get(key, { signal });
        if (body === null) return null;
        for await (const chunk of body.stream() as AsyncIterable<Buffer>) {
          hash.update(chunk);
          read(chunk.length);
          await rate.take(chunk.length, signal);
        }
        return hash.digest('hex') === source.checksumSha256 ? null : 'checksum';
      } catch (error) {
        signal.throwIfAborted();
        if (reading < READINGS) continue;
        if (error instanceof CodedError && !CodedError.is(error, CommonErrors.internal)) return 'unreadable';
        throw error;
      }
    }
  }
}
