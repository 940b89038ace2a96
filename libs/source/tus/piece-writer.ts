import { PART_BYTES } from '#storage';

/** Where pieces go, see `UploadPieces`. */
export interface PieceSink {
  readonly wantedBytes: number;
  readonly add: (bytes: Buffer) => Promise<void>;
}

/**
 * Gathers what arrives into pieces of one part at most, and holds no more than one of them in memory. The sender is not
 * read while a piece is made durable.
 */
export class PieceWriter {
  private buffer: Buffer | null = null;
  private filled = 0;

  /** `expectedBytes`: the most that will come, which keeps the memory for little bodies little. */
  constructor(
    private readonly sink: PieceSink,
    private expectedBytes: number,
  ) {}

  /** Takes a chunk, of which it keeps a copy. More than the upload has room for must not come. */
  async take(chunk: Uint8Array): Promise<void> {
    let rest = chunk;
    while (rest.byteLength > 0) {
      const room = this.room();
      const taken = Math.min(rest.byteLength, room.length);
      room.set(rest.subarray(0, taken));
      this.filled += taken;
      rest = rest.subarray(taken);
      if (taken === room.length) await this.flush();
    }
    this.expectedBytes -= chunk.byteLength;
  }

  /** Makes durable what is held. */
  async flush(): Promise<void> {
    const bytes = this.buffer?.subarray(0, this.filled);
    [this.buffer, this.filled] = [null, 0];
    if (bytes !== undefined && bytes.length > 0) await this.sink.add(bytes);
  }

  /** The free part of the buffer. */
  private room(): Buffer {
    this.buffer ??= Buffer.allocUnsafeSlow(
      Math.max(1, Math.min(PART_BYTES, this.sink.wantedBytes, this.expectedBytes)),
    );
    return this.buffer.subarray(this.filled);
  }
}
