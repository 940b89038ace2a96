export { prepare, type Answer } from './answer.js';
export { ExpiredKeysWorker } from './expired-keys.worker.js';
export { IdempotencyModule } from './idempotency.module.js';
export { StagedIdempotency, type Keep, type StagedOperation } from './staged-idempotency.js';
