import { setTimeout as pause } from 'node:timers/promises';
import { Transform, type TransformCallback } from 'node:stream';

/** What becomes of a body at a byte: everything from there on is missing, or that byte is another. */
export interface DamageOptions {
  /** `reset`: fails there. `short`: ends there as if that were all. `flip`: one bit of the byte is changed. */
  readonly damage: 'reset' | 'short' | 'flip';
  readonly at: number;
}

/** Passes a body on, damaged. A body that is shorter than `at` passes as it is. */
export class Damage extends Transform {
  #passed = 0;
  #isCut = false;

  constructor(private readonly options: DamageOptions) {
    super();
  }

  /** True when bytes are missing. */
  get isCut(): boolean {
    return this.#isCut;
  }

  override _transform(chunk: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    const { damage, at } = this.options;
    const position = at - this.#passed;
    this.#passed += chunk.length;
    if (position < 0 || position >= chunk.length) {
      done(null, position < 0 && damage === 'short' ? undefined : chunk);
      return;
    }
    if (damage === 'flip') {
      const flipped = Buffer.from(chunk);
      flipped[position] = (flipped[position] ?? 0) ^ 0x20;
      done(null, flipped);
      return;
    }
    this.#isCut = true;
    this.push(chunk.subarray(0, position));
    done(damage === 'reset' ? new Error('cut off') : null);
  }
}

/** How slowly a body comes. */
export interface PaceOptions {
  readonly firstByteMs: number;
  readonly bytesPerSecond: number;
}

const TICK_MS = 50;

/** Passes a body on slowly, until `isOver`. */
export class Pace extends Transform {
  #first = true;

  constructor(
    private readonly options: PaceOptions,
    private readonly isOver: () => boolean,
  ) {
    super();
  }

  override _transform(chunk: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    void this.#drip(chunk).then(
      () => done(),
      (error: unknown) => done(error as Error),
    );
  }

  async #drip(chunk: Buffer): Promise<void> {
    if (this.#first) await this.#wait(this.options.firstByteMs);
    this.#first = false;
    const step = Math.max(1, Math.floor((this.options.bytesPerSecond * TICK_MS) / 1000));
    for (let at = 0; at < chunk.length; at += step) {
      if (this.destroyed) return;
      if (this.isOver()) {
        this.push(chunk.subarray(at));
        return;
      }
      this.push(chunk.subarray(at, at + step));
      await pause(TICK_MS);
    }
  }

  async #wait(milliseconds: number): Promise<void> {
    for (let left = milliseconds; left > 0 && !this.isOver() && !this.destroyed; left -= TICK_MS)
      await pause(TICK_MS);
  }
}
