import { CodedError } from '#kernel';
import { StorageErrors } from '#storage';
import { pipeline, Readable, Transform } from 'node:stream';

/** More than the largest page of a list has: 1,000 keys of 1,024 bytes, each byte escaped. */
const MAX_ANSWER_BYTES = 8 * 1024 * 1024;
/** An error's document has a few hundred bytes. */
const MAX_ERROR_BYTES = 256 * 1024;

interface Answer {
  readonly statusCode: number;
  body: unknown;
}

/**
 * Keeps a server from filling the memory: every answer that the SDK reads as a whole may have so many bytes, and one
 * with more is a broken answer. Objects' content, which is streamed, has no bound here. A middleware of the SDK.
 */
export function boundedAnswers<Args, Result extends { response: unknown }>(
  next: (args: Args) => Promise<Result>,
  context: { readonly commandName?: string },
): (args: Args) => Promise<Result> {
  return async (args) => {
    const result = await next(args);
    const answer = result.response as Answer;
    const isError = answer.statusCode >= 300;
    if ((context.commandName === 'GetObjectCommand' && !isError) || !(answer.body instanceof Readable))
      return result;
    answer.body = atMost(answer.body, isError ? MAX_ERROR_BYTES : MAX_ANSWER_BYTES);
    return result;
  };
}

function atMost(body: Readable, bytes: number): Readable {
  let left = bytes;
  const bounded = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      left -= chunk.length;
      if (left >= 0) done(null, chunk);
      else done(new CodedError(StorageErrors.unavailable, 'The storage answers with too much.'));
    },
  });
  // Its errors reach the reader through `bounded`, and so does a connection that ends early.
  pipeline(body, bounded, () => undefined);
  return bounded;
}
