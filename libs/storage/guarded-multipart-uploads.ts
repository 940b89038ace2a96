import {
  type BeginOptions,
  MultipartUploads,
  type PartOptions,
  type UnfinishedUploadPage,
  type UploadedPart,
} from './multipart-uploads.port.js';
import type { BodySource, CallOptions, ObjectHead } from './object-calls.js';
import type { KeyPrefix, ObjectKey } from './object-key.js';
import { assertWhole, type StorageGuard } from './storage-guard.js';

/** Multipart uploads under the rules of `GuardedStorage`. */
export class GuardedMultipartUploads extends MultipartUploads {
  readonly limits;

  constructor(
    private readonly uploads: MultipartUploads,
    private readonly guard: StorageGuard,
  ) {
    super();
    this.limits = uploads.limits;
  }

  async create(key: ObjectKey, options: BeginOptions = {}): Promise<string> {
    await this.guard.admit(key);
    return await this.guard.call('create_upload', options.signal, (signal) =>
      this.uploads.create(key, { ...options, signal }),
    );
  }

  async putPart(
    key: ObjectKey,
    uploadId: string,
    partNumber: number,
    body: BodySource,
    options: PartOptions,
  ): Promise<UploadedPart> {
    await this.guard.admit(key);
    assertWhole(partNumber, 1, this.limits.maxParts);
    assertWhole(options.sizeBytes, 0, this.limits.maxPartBytes);
    const { result, passedBytes } = await this.guard.send(
      'put_part',
      body,
      options.signal,
      (source, signal) => this.uploads.putPart(key, uploadId, partNumber, source, { ...options, signal }),
    );
    this.guard.assertAll(passedBytes, result.sizeBytes);
    return result;
  }

  async listParts(
    key: ObjectKey,
    uploadId: string,
    options: CallOptions = {},
  ): Promise<readonly UploadedPart[]> {
    await this.guard.admit(key);
    return await this.guard.call('list_parts', options.signal, (signal) =>
      this.uploads.listParts(key, uploadId, { signal }),
    );
  }

  async complete(
    key: ObjectKey,
    uploadId: string,
    parts: readonly UploadedPart[],
    options: CallOptions = {},
  ): Promise<ObjectHead> {
    await this.guard.admit(key);
    const bytes = parts.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
    const work = (signal: AbortSignal) => this.uploads.complete(key, uploadId, parts, { signal });
    return await this.guard.call('complete_upload', options.signal, work, this.guard.wholeMs(bytes));
  }

  async abort(key: ObjectKey, uploadId: string, options: CallOptions = {}): Promise<void> {
    await this.guard.admit(key);
    await this.guard.call('abort_upload', options.signal, (signal) =>
      this.uploads.abort(key, uploadId, { signal }),
    );
  }

  async listUnfinished(
    prefix: KeyPrefix,
    options: CallOptions & { readonly after?: string | undefined } = {},
  ): Promise<UnfinishedUploadPage> {
    await this.guard.admitPrefix(prefix);
    return await this.guard.call('list_uploads', options.signal, (signal) =>
      this.uploads.listUnfinished(prefix, { ...options, signal }),
    );
  }
}
