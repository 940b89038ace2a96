import { Injectable } from '@nestjs/common';

import { CommitStore } from './commit.store.js';
import { OutboxWorker } from './outbox.worker.js';
import { completion } from './pending-upload.sql.js';
import { asUpload, contextOf, type PendingUpload, type UploadLease } from './pending-upload.js';
import { SourceErrors } from './source.errors.js';
import type { Source } from './source.js';
import type { Arrival } from './upload-arrivals.js';

/** The last step of an upload under URLs, whoever took the bytes. */
@Injectable()
export class UploadCommitter {
  constructor(
    private readonly commits: CommitStore,
    private readonly outbox: OutboxWorker,
  ) {}

  /**
   * Makes the bytes the content of the upload's source and the upload complete, in one transaction. Throws `upload_ended`
   * when the lease was lost, `source_not_found` when the source is gone or another by now, and what `accepts` throws.
   */
  async commit(
    upload: PendingUpload,
    lease: UploadLease,
    { objectKey, stored }: Arrival,
    accepts: (source: Source) => void,
  ): Promise<Source> {
    const { sourceId, name, contentType, metadata, createdAt } = upload;
    const committed = await this.commits.commit(contextOf(upload), asUpload(upload, objectKey), {
      reference: { sourceId, externalId: null },
      name,
      defaultName: name,
      contentType,
      metadata: metadata ?? undefined,
      stored,
      expectsNone: false,
      take: completion(upload, lease),
      accepts: (existing) => {
        // The id may have been deleted and made again: that is another source.
        if (existing === null || existing.createdAt > createdAt) throw SourceErrors.notFound();
        accepts(existing);
      },
    });
    this.wake();
    return committed.source;
  }

  /** Has what is left over removed now. */
  wake(): void {
    this.outbox.wake();
  }
}
