import { attributed } from '#database';
import type { TenantContext } from '#kernel';
import { Injectable } from '@nestjs/common';

import { OutboxWorker } from '../outbox.worker.js';
import { HeldUpload } from './held-upload.js';
import { TusLocks, type UploadReference } from './tus-locks.service.js';
import { TusReceiver } from './tus-receiver.service.js';
import { TusStore } from './tus.store.js';
import { TusErrors } from './tus.errors.js';
import type { TusUpload } from './tus-upload.js';

/** Use cases around resumable uploads that have begun. */
@Injectable()
export class TusService {
  constructor(
    private readonly store: TusStore,
    private readonly locks: TusLocks,
    private readonly receiver: TusReceiver,
    private readonly outbox: OutboxWorker,
  ) {}

  /**
   * How an upload stands. A request whose client has gone ends first, so that its bytes are counted. Where all bytes are
   * there, the answer waits for the source: a client takes such an offset for success. Throws `upload_not_found`,
   * `upload_gone`, and `upload_locked` while somebody is completing it.
   */
  async get(context: TenantContext, reference: UploadReference): Promise<TusUpload> {
    await this.locks.settle(context, reference);
    const upload = await this.find(context, reference);
    if (upload.state === 'completed' || upload.receivedBytes < upload.lengthBytes) return upload;
    const held = await this.locks.acquire(context, reference);
    if (!(held instanceof HeldUpload)) return held;
    try {
      // The request only asks how the upload stands: the log says that the gateway did it, for the token that asked.
      const { tokenId } = reference;
      await attributed({ role: 'system', token_id: tokenId }, () => this.receiver.complete(context, held));
    } finally {
      await held.release();
    }
    return await this.find(context, reference);
  }

  /** Takes an upload to write to, see {@link TusLocks.acquire}. Whoever takes it has to release it. */
  take(
    context: TenantContext,
    reference: UploadReference,
    unrecordedBytes: number,
  ): Promise<HeldUpload | TusUpload> {
    return this.locks.acquire(context, reference, unrecordedBytes);
  }

  /** Ends an upload: its bytes go, and a source that waited for them. Of one that was completed the source stays. */
  async end(context: TenantContext, reference: UploadReference): Promise<void> {
    const upload = await this.find(context, reference);
    if (upload.state === 'completed') {
      await this.store.forget(context, reference.uploadId);
      return;
    }
    await this.locks.stop(context, reference);
    await this.store.end(context, reference.uploadId);
    this.outbox.wake();
  }

  private async find(context: TenantContext, { tokenId, uploadId }: UploadReference): Promise<TusUpload> {
    const upload = await this.store.find(context, tokenId, uploadId);
    if (upload === null) throw TusErrors.notFound();
    if (upload.isOver) throw TusErrors.gone();
    return upload;
  }
}
