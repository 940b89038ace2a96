import { Upload, type UploadOptions } from 'tus-js-client';

import type { Api } from './api.js';

/** An upload by `tus-js-client`, a program that nobody wrote for this gateway. */
export interface ClientUpload {
  readonly upload: Upload;
  /** Resolves with the URL once the client takes the upload for complete; rejects when the client gives up. */
  readonly done: Promise<string>;
}

/** Begins to upload. What the options say goes before what a caller of the gateway has to say. */
export function startUpload(caller: Api, bytes: Buffer, options: UploadOptions = {}): ClientUpload {
  let upload: Upload | undefined;
  const done = new Promise<string>((resolve, reject) => {
    upload = new Upload(bytes, {
      endpoint: `${caller.url}/v1/tus`,
      chunkSize: 3 * 2 ** 20,
      retryDelays: [0, 250, 500, 1_000, 2_000, 4_000],
      ...options,
      headers: { authorization: `Bearer ${caller.token ?? ''}`, ...options.headers },
      onSuccess: () => resolve(upload?.url ?? ''),
      onError: reject,
    });
  });
  // Whoever waits for it sees the failure; nobody may be waiting yet.
  done.catch(() => undefined);
  if (upload === undefined) throw new Error('No upload.');
  upload.start();
  return { upload, done };
}
