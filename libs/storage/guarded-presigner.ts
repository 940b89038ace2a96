import type { ObjectKey } from './object-key.js';
import {
  type PresignedPut,
  type PresignedRequest,
  type PresignGetOptions,
  ObjectPresigner,
  type PresignPutOptions,
} from './object-presigner.port.js';
import type { StorageGuard } from './storage-guard.js';

/** A presigner that signs for nothing but the tenant's own keys. */
export class GuardedPresigner extends ObjectPresigner {
  readonly answersSuffixRanges: boolean;

  constructor(
    private readonly presigner: ObjectPresigner,
    private readonly guard: StorageGuard,
  ) {
    super();
    this.answersSuffixRanges = presigner.answersSuffixRanges;
  }

  presignGet(key: ObjectKey, options: PresignGetOptions): PresignedRequest {
    this.guard.admitNow(key);
    return this.presigner.presignGet(key, options);
  }

  presignPut(key: ObjectKey, options: PresignPutOptions): PresignedPut {
    this.guard.admitNow(key);
    return this.presigner.presignPut(key, options);
  }

  presignPart(
    key: ObjectKey,
    uploadId: string,
    partNumber: number,
    options: PresignPutOptions,
  ): PresignedRequest {
    this.guard.admitNow(key);
    return this.presigner.presignPart(key, uploadId, partNumber, options);
  }
}
