import { UPLOAD_TURN_SECONDS } from './pending-upload.sql.js';
import type { PendingUploadStore } from './pending-upload.store.js';
import type { PendingUpload, UploadLease } from './pending-upload.js';

/** Works at an upload and renews the turn meanwhile. Whether the turn was lost all the same shows when it is used. */
export async function keepingTurn<T>(
  store: Pick<PendingUploadStore, 'renewTurn'>,
  upload: PendingUpload,
  lease: UploadLease,
  work: () => Promise<T>,
): Promise<T> {
  const renewal = setInterval(
    () => void store.renewTurn(upload, lease).catch(() => undefined),
    (UPLOAD_TURN_SECONDS * 1000) / 3,
  );
  try {
    return await work();
  } finally {
    clearInterval(renewal);
  }
}

/**
 * Gives a turn up that came to nothing, and ends the upload when that is over. Nothing is thrown: what cannot be done now,
 * because the database is away, is done when the turn or the upload has run out.
 */
export async function giveTurnUp(
  store: Pick<PendingUploadStore, 'end' | 'giveTurnBack'>,
  upload: PendingUpload,
  lease: UploadLease,
  isOver: boolean,
): Promise<void> {
  try {
    if (isOver && (await store.end(upload, lease))) return;
    await store.giveTurnBack(upload, lease);
  } catch {
    // The error that the turn came to nothing by is the one to report.
  }
}
