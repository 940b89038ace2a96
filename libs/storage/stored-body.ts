import { Readable } from 'node:stream';
import { CodedError, CommonErrors, type MaybePromise } from '#kernel';

/** Bodies of at most this many bytes are in memory when `get` resolves; `bytes()` then costs nothing. */
export const SMALL_BODY_BYTES = 64 * 1024;

/** What an adapter hands over: the whole object's size, and the bytes asked for or a stream of exactly them. */
export interface StoredBodyContent {
  readonly sizeBytes: number;
  readonly lengthBytes: number;
  readonly content: Buffer | Readable;
  /** What becomes of a chunk of the stream that nobody reads any more; absent: nothing. */
  readonly recycle?: ((chunk: Buffer) => void) | undefined;
}

/**
 * The content of an object, opened. Exactly one of `stream`, `bytes` and `discard` is to be called: a body larger
 * than {@link SMALL_BODY_BYTES} holds a descriptor or a socket until it has been read, destroyed or discarded.
 */
export class StoredBody {
  /** Size of the whole object in bytes, whatever range was asked for. */
  readonly sizeBytes: number;
  /** How many bytes this body delivers. */
  readonly lengthBytes: number;
  /**
   * Takes a chunk of the stream back, so that its memory can carry others. Only for the very chunks that the stream gave,
   * once nobody reads them any more; nobody has to call it.
   */
  readonly recycle: ((chunk: Buffer) => void) | undefined;
  #content: Buffer | Readable | null;

  constructor({ sizeBytes, lengthBytes, content, recycle }: StoredBodyContent) {
    this.sizeBytes = sizeBytes;
    this.lengthBytes = lengthBytes;
    this.recycle = recycle;
    this.#content = content;
    // An abort can break the stream before anybody has taken it; without a listener that would end the process.
    if (content instanceof Readable) content.on('error', () => undefined);
  }

  /** True when the content is in memory: nothing has to be waited for, nor closed. */
  get isInMemory(): boolean {
    return Buffer.isBuffer(this.#content);
  }

  /**
   * The bytes as a stream, which the caller owns: read to its end or destroyed, it closes itself. It ends cleanly
   * only after exactly `lengthBytes`; anything less is an error of the stream. Use `pipeline`, not `pipe`.
   */
  stream(): Readable {
    const content = this.#take();
    return content instanceof Readable ? content : Readable.from(piecesOf(content), IN_PIECES);
  }

  /** All bytes in one buffer; for bodies known to be small. Fails as the stream would; leaves nothing open. */
  bytes(): MaybePromise<Buffer> {
    const content = this.#take();
    return content instanceof Readable ? allOf(content, this.lengthBytes) : content;
  }

  /** Gives the content up unread. Does nothing when repeated, or once `stream` or `bytes` has been called. */
  discard(): void {
    if (this.#content instanceof Readable) this.#content.destroy();
    this.#content = null;
  }

  #take(): Buffer | Readable {
    const content = this.#content;
    if (content === null) throw new CodedError(CommonErrors.internal, 'A stored body was read twice.');
    this.#content = null;
    return content;
  }
}

async function allOf(content: Readable, lengthBytes: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of content as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks, lengthBytes);
}

/** As much is handed on as whoever reads takes, so that one who leaves has not had it all. */
const IN_PIECES = { objectMode: false, highWaterMark: SMALL_BODY_BYTES };

function* piecesOf(content: Buffer): Generator<Buffer, void> {
  for (let start = 0; start < content.length; start += SMALL_BODY_BYTES)
    yield content.subarray(start, start + SMALL_BODY_BYTES);
}
