import type { Owner } from '../content/owner.js';
import type { TusUpload } from './tus-upload.js';
import type { UrlUpload } from './url-upload.js';

/** An upload that its client has left as it is, for anybody who comes by. */
export interface LeftUpload {
  readonly owner: Owner;
  readonly upload: UrlUpload | TusUpload;
}
