import type { Operation } from '../workload/operation.js';
import { create } from './create.js';
import { finishUpload } from './finish-upload.js';
import { foreign } from './foreign.js';
import { link } from './link.js';
import { list } from './list.js';
import { put } from './put.js';
import { range } from './range.js';
import { read } from './read.js';
import { remove } from './remove.js';
import { revokeToken } from './revoke-token.js';
import { suspend } from './suspend.js';
import { tus } from './tus.js';
import { upload } from './upload.js';
import { useRevoked } from './use-revoked.js';

/** All that clients do. An operation is added here, and nowhere else. */
export const OPERATIONS: readonly Operation[] = [
  put,
  create,
  upload,
  tus,
  finishUpload,
  remove,
  read,
  range,
  list,
  link,
  revokeToken,
  suspend,
  foreign,
  useRevoked,
];
