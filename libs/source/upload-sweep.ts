import { attributed } from '#database';
import { JobSchedule } from '#jobs';
import { CodedError } from '#kernel';
import { Injectable, Logger } from '@nestjs/common';

import { DueUploadStore } from './due-upload.store.js';
import { contextOf, isOpen, type PendingUpload } from './pending-upload.js';
import type { Source } from './source.js';
import { UploadArrivals } from './upload-arrivals.js';
import { UploadCompletion } from './upload-completion.service.js';
import { UploadErrors } from './upload.errors.js';

const EVERY_MS = 1_000;
const TENANTS_PER_ROUND = 100;
const UPLOADS_PER_TENANT = 50;
/** Completions at once: each reads a whole object. What has to wait is looked at again a while later. */
const MOST_COMPLETIONS = 4;

/**
 * Notices that the bytes of uploads by URL have come although nobody says so, and completes them. In every process that
 * works in the background; taking a row puts its next look off, so two do not look at the same at once, and completing
 * twice is completing once.
 */
@Injectable()
export class UploadSweep {
  private readonly logger = new Logger(UploadSweep.name);
  private completing = 0;

  constructor(
    private readonly due: DueUploadStore,
    private readonly arrivals: UploadArrivals,
    private readonly completion: UploadCompletion,
    schedule: JobSchedule,
  ) {
    schedule.add({ name: 'arrivals', everyMs: EVERY_MS, run: (signal) => this.round(signal) });
  }

  /** One round over what is due, within bounds. Completions that it begins go on after it. */
  private async round(signal: AbortSignal): Promise<boolean> {
    const tenantIds = await this.due.tenantsWithDueUploads(TENANTS_PER_ROUND);
    let more = tenantIds.length === TENANTS_PER_ROUND;
    for (const tenantId of tenantIds) {
      if (signal.aborted) return false;
      const uploads = await this.due.takeDue(tenantId, UPLOADS_PER_TENANT);
      more ||= uploads.length === UPLOADS_PER_TENANT;
      for (const upload of uploads.filter((each) => each.tenantActive && isOpen(each)))
        // A storage that is down is not asked for every upload that lies in it.
        if (!(await this.look(upload))) break;
    }
    return more;
  }

  /** False when the storage did not answer. */
  private async look(upload: PendingUpload): Promise<boolean> {
    if (this.completing >= MOST_COMPLETIONS) return true;
    try {
      if (!(await this.arrivals.areThere(upload))) return true;
    } catch (error) {
      this.logger.warn({ err: error }, 'a pending upload could not be looked at; it is tried again');
      return false;
    }
    this.completing += 1;
    void this.complete(upload).finally(() => (this.completing -= 1));
    return true;
  }

  private async complete(upload: PendingUpload): Promise<void> {
    const accepts = (source: Source): void => assertNotOvertaken(upload, source);
    try {
      // Nobody has asked for it: the log says that the gateway did it.
      await attributed({ role: 'system' }, () =>
        this.completion.completeBy(contextOf(upload), upload.uploadId, { claimed: null, accepts }),
      );
    } catch (error) {
      const isFault = !(error instanceof CodedError) || error.kind.status >= 500;
      if (isFault) this.logger.warn({ err: error }, 'an upload that has come could not be completed');
    }
  }
}

/**
 * Content that came in the meantime is newer than what was sent before it, however late that is noticed: only somebody
 * who says so puts it in its place.
 */
function assertNotOvertaken({ createdAt }: PendingUpload, source: Source): void {
  if (source.status === 'available' && source.contentUpdatedAt > createdAt) throw UploadErrors.overtaken();
}
