import { CodedError, CommonErrors } from '#kernel';

interface Waiter {
  readonly bytes: number;
  readonly admit: () => void;
}

/**
 * Bounds the bytes that are in memory at once for answers that cannot be streamed. Who does not fit waits in line,
 * first come first served, and is turned away with a 503 when the wait grows too long.
 */
export class ByteBudget {
  private used = 0;
  private readonly line: Waiter[] = [];

  /** @param waitMs longest wait before the 503 */
  constructor(
    private readonly capacity: number,
    private readonly waitMs: number,
  ) {}

  /** Reserves bytes; call the answer once to give them back. One reservation may exceed the capacity if it is alone. */
  async reserve(bytes: number): Promise<() => void> {
    if (!this.fits(bytes) || this.line.length > 0) await this.wait(bytes);
    else this.used += bytes;
    let given = false;
    return () => {
      if (given) return;
      given = true;
      this.used -= bytes;
      this.admitNext();
    };
  }

  private fits(bytes: number): boolean {
    return this.used === 0 || this.used + bytes <= this.capacity;
  }

  private wait(bytes: number): Promise<void> {
    return new Promise((resolve, reject) => {
      const waiter: Waiter = {
        bytes,
        admit: () => {
          clearTimeout(timer);
          this.used += bytes;
          resolve();
        },
      };
      const timer = setTimeout(() => {
        this.line.splice(this.line.indexOf(waiter), 1);
        this.admitNext();
        reject(
          new CodedError(CommonErrors.unavailable, 'Too many files are being read at once; try again.', {
            retryAfterSeconds: 1,
          }),
        );
      }, this.waitMs);
      this.line.push(waiter);
    });
  }

  private admitNext(): void {
    let [next] = this.line;
    while (next !== undefined && this.fits(next.bytes)) {
      this.line.shift();
      next.admit();
      [next] = this.line;
    }
  }
}
