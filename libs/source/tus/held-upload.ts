import type { RunningUpload } from './running-uploads.js';
import { TusErrors } from './tus.errors.js';
import type { Held, TusUpload } from './tus-upload.js';

/** How often a holder says that it is alive; several times in the life of a lock. */
const RENEWAL_MS = 2_000;

/** What the lock of one upload is asked for. */
export interface LockCalls {
  /** False: somebody else has taken over. */
  readonly renew: () => Promise<boolean>;
  readonly release: (isClean: boolean) => Promise<void>;
}

/**
 * The right to write to an upload, for one request. It is kept up while bytes come or the storage is at work, and by
 * nothing else: of a request that hangs it lapses, as of a process that died.
 */
export class HeldUpload implements RunningUpload, Held {
  readonly ended: Promise<void>;
  private readonly controller = new AbortController();
  private readonly timer: NodeJS.Timeout;
  private end: () => void = () => undefined;
  private count = 0;
  private seen = 0;
  private atWork = 0;
  private isClean = true;

  constructor(
    /** As it was when the lock was taken. */
    readonly upload: TusUpload,
    readonly lockToken: string,
    readonly lifeSeconds: number,
    private readonly lock: LockCalls,
  ) {
    this.ended = new Promise((resolve) => {
      this.end = resolve;
    });
    this.timer = setInterval(() => void this.keepUp(), RENEWAL_MS).unref();
  }

  get uploadId(): string {
    return this.upload.uploadId;
  }

  get signs(): number {
    return this.count;
  }

  get isBusy(): boolean {
    return this.atWork > 0;
  }

  /** Aborts when the request has to end: its upload is wanted by another, or has another holder already. */
  get signal(): AbortSignal {
    return this.controller.signal;
  }

  readonly stop = (): void => {
    this.controller.abort(TusErrors.locked());
  };

  /** Says that bytes have come. */
  readonly noteSign = (): void => {
    this.count += 1;
  };

  /** Does something that is not the client's to hurry. */
  async busy<T>(work: () => Promise<T>): Promise<T> {
    this.atWork += 1;
    try {
      return await work();
    } catch (error) {
      // The storage may have been given up on, and still do what it was told.
      this.isClean = false;
      throw error;
    } finally {
      this.atWork -= 1;
      this.count += 1;
    }
  }

  /** Lets go. What fails here passes by itself when the lock lapses. */
  async release(): Promise<void> {
    clearInterval(this.timer);
    await this.lock.release(this.isClean).catch(() => undefined);
    this.end();
  }

  private async keepUp(): Promise<void> {
    if (!this.isBusy && this.count === this.seen) return;
    this.seen = this.count;
    // A database that is away says nothing of who holds the lock: the next record finds out.
    const isMine = await this.lock.renew().catch(() => true);
    if (!isMine) this.stop();
  }
}
