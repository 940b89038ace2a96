import type { Owner } from '../content/owner.js';
import type { Version } from '../ledger/entry.js';

/** An upload by URL that has begun. */
export interface UrlUpload {
  readonly kind: 'url';
  readonly op: number;
  readonly subject: string;
  readonly version: Version;
  readonly uploadId: string;
  readonly sourceId: string;
  readonly targets: readonly Target[];
  /** Everything was sent, and acknowledged by whoever took it. */
  hasArrived: boolean;
}

/** Where some of the bytes go: from `start` up to, not including, `end`. */
export interface Target {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly start: number;
  readonly end: number;
}

/** A resumable upload that has begun. */
export interface TusUpload {
  readonly kind: 'tus';
  readonly op: number;
  readonly subject: string;
  readonly version: Version;
  readonly path: string;
  readonly sourceId: string;
  /** The offset that was told last: nothing before it is ever lost. */
  told: number;
  /** No byte from there on was ever sent. */
  sent: number;
}

/** An upload that its client has left as it is, for anybody who comes by. */
export interface LeftUpload {
  readonly owner: Owner;
  readonly upload: UrlUpload | TusUpload;
}
