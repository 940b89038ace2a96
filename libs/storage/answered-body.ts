import { CodedError, CommonErrors } from '#kernel';
import type { Readable } from 'node:stream';

import { AnsweredStream } from './answered-stream.js';
import type { GetOptions } from './object-calls.js';
import { SMALL_BODY_BYTES, StoredBody } from './stored-body.js';
import { unreadable } from './unreadable.js';

/** What a server has answered to a get. */
export interface AnsweredBody {
  readonly stream: Readable;
  /** How many bytes the server says that it sends. */
  readonly lengthBytes: number;
  /** The `Content-Range` field of a part's answer. */
  readonly contentRange: string | undefined;
}

/** Throws `internal_error` when a range is not one: callers resolve ranges before they come here. */
export function assertRange({ range }: GetOptions): void {
  if (range === undefined) return;
  const { start, end } = range;
  if (Number.isSafeInteger(start) && Number.isSafeInteger(end) && start >= 0 && end >= start) return;
  throw new CodedError(CommonErrors.internal, 'A byte range is malformed.');
}

/**
 * The body of an answer that came over a network, held to what was asked for: `content_unavailable` when it is of another
 * size, and a stream that ends cleanly only after as many bytes as were announced. A small one is read at once; whatever
 * goes wrong then is thrown as it came. The stream is closed on every failure.
 */
export async function storedBodyOf(answer: AnsweredBody, options: GetOptions): Promise<StoredBody> {
  const { stream, lengthBytes } = answer;
  const sizeBytes = wholeSize(answer.contentRange) ?? lengthBytes;
  const wanted = options.range === undefined ? sizeBytes : options.range.end - options.range.start + 1;
  if (sizeBytes !== (options.expectedSize ?? sizeBytes) || lengthBytes !== wanted) {
    stream.destroy();
    throw unreadable();
  }
  const body = new AnsweredStream(stream, lengthBytes, options.signal);
  if (lengthBytes > SMALL_BODY_BYTES) return new StoredBody({ sizeBytes, lengthBytes, content: body });
  const chunks: Buffer[] = [];
  for await (const chunk of body as AsyncIterable<Buffer>) chunks.push(chunk);
  return new StoredBody({ sizeBytes, lengthBytes, content: Buffer.concat(chunks, lengthBytes) });
}

/** The total in `bytes 0-9/100`, RFC 9110 §14.4. */
function wholeSize(contentRange: string | undefined): number | undefined {
  const total = /\/(\d+)$/.exec(contentRange ?? '')?.[1];
  return total === undefined ? undefined : Number(total);
}
