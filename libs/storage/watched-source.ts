import { types } from 'node:util';

import type { BodySource } from './object-calls.js';
import { iterateBody } from './upload-body.js';
import type { Watchdog } from './watchdog.js';

/** How long a storage may take with what it was given. Milliseconds. */
export interface SourceWatch {
  readonly idleMs: number;
  /** After the last byte, by the number of bytes. */
  readonly endMs: (bytes: number) => number;
}

/**
 * A body on its way from its sender to the storage. Time counts only while the storage has what it asked for: a slow
 * sender is nobody's fault here. Passes everything on as it is, the sender's errors and the closing too.
 */
export class WatchedSource implements AsyncIterable<Uint8Array>, AsyncIterator<Uint8Array> {
  readonly #iterator: AsyncIterator<unknown>;
  #bytes = 0;
  #ended = false;

  constructor(
    source: BodySource,
    private readonly watchdog: Watchdog,
    private readonly watch: SourceWatch,
  ) {
    this.#iterator = iterateBody(source);
    watchdog.expectWithin(watch.idleMs);
  }

  /** How many bytes the storage was given; null until it has been given all. */
  get passedBytes(): number | null {
    return this.#ended ? this.#bytes : null;
  }

  [Symbol.asyncIterator](): AsyncIterator<Uint8Array> {
    return this;
  }

  async next(): Promise<IteratorResult<Uint8Array>> {
    this.watchdog.rest();
    const step = await this.#iterator.next().catch((error: unknown) => {
      this.watchdog.expectWithin(this.watch.idleMs);
      throw error;
    });
    if (step.done === true) {
      this.#ended = true;
      this.watchdog.expectWithin(this.watch.endMs(this.#bytes));
    } else {
      if (types.isUint8Array(step.value)) this.#bytes += step.value.byteLength;
      this.watchdog.expectWithin(this.watch.idleMs);
    }
    return step as IteratorResult<Uint8Array>;
  }

  async return(): Promise<IteratorResult<Uint8Array>> {
    // The sender may have given nothing yet, and the storage has given up: from here on it only cleans up.
    this.watchdog.expectWithin(this.watch.endMs(this.#bytes));
    await this.#iterator.return?.();
    return { done: true, value: undefined };
  }
}
