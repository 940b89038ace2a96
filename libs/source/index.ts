export { BackgroundModule } from './background.module.js';
export { ContentCache } from './content-cache.js';
export { ContentService } from './content.service.js';
export { handedOut } from './handed-out.js';
export { InlineContentService } from './inline-content.service.js';
export { ObjectPurge } from './object-purge.js';
export { SourceErrors } from './source.errors.js';
export { SourceModule, type SourceModuleOptions } from './source.module.js';
export { SourceService } from './source.service.js';
export { isAvailable, type AvailableSource, type Source } from './source.js';
export type {
  CorruptObject,
  MissingObject,
  OrphanObject,
  StaleUpload,
  UnfinishedUpload,
} from './reconcile/findings.js';
export type { Findings } from './reconcile/findings.js';
export { ReconcileSettings } from './reconcile/reconcile.job.js';
export { Reconciler, type ReconcileReport } from './reconcile/reconciler.js';
export type { Progress, RunOptions } from './reconcile/run.js';
export { Verification, type VerificationOptions, type VerificationReport } from './reconcile/verification.js';
export { UploadExpiry } from './upload-expiry.js';
export { OutboxStore } from './outbox.store.js';
