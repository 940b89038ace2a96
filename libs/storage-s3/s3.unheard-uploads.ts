import { type CreateMultipartUploadCommand, S3ServiceException } from '@aws-sdk/client-s3';
import type { ObjectKey } from '#storage';

import { cleanUp } from './clean-up.js';
import type { S3Place } from './s3.place.js';
import { uploadsBelow } from './s3.sweep.js';

/** Answers of the 5xx range by which a server says that it has not done what it was asked. */
const REFUSALS = [501, 503];

/**
 * The attempts of one command that may have begun an upload whose id was never heard: those that were cut off, ran out of
 * time or were answered with what is no answer. The SDK makes the attempts, so they are watched from within it.
 */
export class UnheardAttempts {
  #isAny = false;

  constructor(command: CreateMultipartUploadCommand) {
    const watch =
      <Args, Result>(next: (args: Args) => Promise<Result>) =>
      async (args: Args): Promise<Result> => {
        try {
          return await next(args);
        } catch (error) {
          if (!isRefusal(error)) this.#isAny = true;
          throw error;
        }
      };
    // Inside the SDK's own repeating, which has a high priority in this step.
    command.middlewareStack.add(watch, { step: 'finalizeRequest', priority: 'low', name: 'unheardAttempts' });
  }

  get isAny(): boolean {
    return this.#isAny;
  }
}

/** Aborts every unfinished upload of a key but one; null: all of them. Never fails, and takes a bounded time. */
export async function abortOthers(place: S3Place, key: ObjectKey, keptId: string | null): Promise<void> {
  const Key = place.keyOf(key);
  await cleanUp(async (abortSignal) => {
    for await (const upload of uploadsBelow(place, Key, abortSignal))
      // Other keys may begin with this one.
      if (upload.Key === Key && upload.UploadId !== keptId) await upload.abort();
  });
}

function isRefusal(error: unknown): boolean {
  if (!(error instanceof S3ServiceException)) return false;
  const { httpStatusCode: status = 0 } = error.$metadata;
  return (status >= 300 && status < 500) || REFUSALS.includes(status);
}
