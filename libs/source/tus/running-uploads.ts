/** A request that is at an upload in this process. */
export interface RunningUpload {
  /** Counts the signs of life: bytes that came, and what the storage was given to do. */
  readonly signs: number;
  /** Whether it is waiting for the storage, and not for its client. */
  readonly isBusy: boolean;
  /** Tells it to keep what it has and to end. */
  readonly stop: () => void;
  /** Resolves when it has let go of the upload. */
  readonly ended: Promise<void>;
}

/** How long a request may be silent before one that comes for the same upload takes its place. */
const SILENCE_MS = 1_000;
/** How long a request that was told to end may take to store what it has. */
const ENDING_MS = 10_000;

/**
 * Who is at which upload in this process. A client that lost its connection comes back while the gateway may not have
 * noticed yet: the request it left behind must end, with what it received stored, before anybody is told an offset.
 */
export class RunningUploads {
  private readonly running = new Map<string, RunningUpload>();

  add(key: string, upload: RunningUpload): void {
    this.running.set(key, upload);
    void upload.ended.then(() => {
      if (this.running.get(key) === upload) this.running.delete(key);
    });
  }

  /**
   * Waits for a request at this upload to end, and makes it end when it is silent. Answers false when it shows that it is
   * alive: its client is another one, or has not gone.
   */
  async settle(key: string): Promise<boolean> {
    const upload = this.running.get(key);
    if (upload === undefined) return true;
    const before = upload.signs;
    if (await isWithin(upload.ended, SILENCE_MS)) return true;
    if (upload.isBusy || upload.signs > before) return false;
    return await this.stop(key);
  }

  /** Makes a request at this upload end; false when it does not in time. */
  async stop(key: string): Promise<boolean> {
    const upload = this.running.get(key);
    if (upload === undefined) return true;
    upload.stop();
    return await isWithin(upload.ended, ENDING_MS);
  }
}

async function isWithin(ended: Promise<void>, milliseconds: number): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<false>((resolve) => {
    timer = setTimeout(() => resolve(false), milliseconds);
  });
  const result = await Promise.race([ended.then(() => true as const), late]);
  clearTimeout(timer);
  return result;
}
