import { hasBody, sendContinue, untilAborted, type GatewayRequest } from '#http';
import { CodedError } from '#kernel';
import { StorageErrors } from '#storage';
import { ReadableStream } from 'node:stream/web';

import { TusErrors } from './tus.errors.js';

/** What somebody wants to know of a body on its way. */
export interface BodyWatch {
  /** Ends it, with a coded error as the reason where there is something to say. */
  readonly signal: AbortSignal;
  readonly onChunk: () => void;
  /** Why it ended early; what stands between here and the storage passes on less. */
  readonly onFailure: (failure: CodedError) => void;
}

/**
 * The body of a request as `@tus/server` reads it; null when there is none. Nothing is read, and a sender that waits for
 * `100 Continue` is not told to go on, before somebody reads here. The request itself is left as it stands.
 */
export function arrivingBody({ raw }: GatewayRequest, watch: BodyWatch): ReadableStream<Uint8Array> | null {
  if (!hasBody(raw.headers)) return null;
  const arriving = raw.iterator({ destroyOnReturn: false }) as AsyncIterable<Uint8Array>;
  const chunks = untilAborted(arriving, watch.signal);
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        sendContinue(raw);
        try {
          const step = await chunks.next();
          if (step.done !== true) {
            watch.onChunk();
            controller.enqueue(step.value);
            return;
          }
          // Nobody could verify it, and what has come is stored already.
          if (raw.trailers['upload-checksum'] !== undefined) throw TusErrors.trailer();
          controller.close();
        } catch (error) {
          const failure = asCoded(error);
          watch.onFailure(failure);
          controller.error(failure);
        }
      },
    },
    { highWaterMark: 0 },
  );
}

function asCoded(error: unknown): CodedError {
  if (error instanceof CodedError) return error;
  return new CodedError(StorageErrors.uploadIncomplete, 'The upload ended early.', { cause: error });
}
