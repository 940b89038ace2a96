import type { TenantContext } from '#kernel';
import { Injectable } from '@nestjs/common';

import { HeldUpload } from './held-upload.js';
import { RunningUploads } from './running-uploads.js';
import { TusErrors } from './tus.errors.js';
import { TusLockStore } from './tus-lock.store.js';
import type { TusUpload } from './tus-upload.js';

/** How long an upload that nobody sends to is kept. */
export class TusLife {
  constructor(readonly seconds: number) {}
}

/** One upload of one token. */
export interface UploadReference {
  readonly tokenId: string;
  readonly uploadId: string;
}

/** Who may write to which resumable upload: one request at a time, over all gateways. */
@Injectable()
export class TusLocks {
  private readonly running = new RunningUploads();

  constructor(
    private readonly store: TusLockStore,
    private readonly life: TusLife,
  ) {}

  /**
   * Takes an upload. Throws `upload_not_found`, `upload_gone`, and `upload_locked` while another request is alive that
   * has it. One that was completed needs no holder and is answered as it is.
   */
  async acquire(
    context: TenantContext,
    reference: UploadReference,
    unrecordedBytes = 0,
  ): Promise<HeldUpload | TusUpload> {
    const key = keyOf(context, reference);
    if (!(await this.running.settle(key))) throw TusErrors.locked();
    const attempt = await this.store.lock(context, { ...reference, unrecordedBytes });
    if (attempt === null) throw TusErrors.notFound();
    const { upload, lockToken } = attempt;
    if (upload.isOver) throw TusErrors.gone();
    if (upload.state === 'completed') return upload;
    if (lockToken === null) throw TusErrors.locked();
    const { uploadId } = upload;
    const held = new HeldUpload(upload, lockToken, this.life.seconds, {
      renew: () => this.store.renew(context, uploadId, lockToken, this.life.seconds),
      release: (isClean) => this.store.release(context, uploadId, lockToken, isClean),
    });
    this.running.add(key, held);
    return held;
  }

  /** Waits until no request of this process is at the upload whose client has gone. */
  async settle(context: TenantContext, reference: UploadReference): Promise<void> {
    await this.running.settle(keyOf(context, reference));
  }

  /** Makes a request of this process that is at the upload end. */
  async stop(context: TenantContext, reference: UploadReference): Promise<void> {
    await this.running.stop(keyOf(context, reference));
  }
}

/** Only who began an upload finds who is at it. */
function keyOf({ tenantId, subTenantId }: TenantContext, { tokenId, uploadId }: UploadReference): string {
  return JSON.stringify([tenantId, subTenantId, tokenId, uploadId]);
}
