import { CodedError, CommonErrors } from '#kernel';
import { request as requestHttp, type Agent as HttpAgent, type IncomingMessage } from 'node:http';
import { request as requestHttps, type Agent as HttpsAgent } from 'node:https';

/** Connections to use; they decide which addresses may be dialled. */
export interface FetchAgents {
  readonly http: HttpAgent;
  readonly https: HttpsAgent;
}

/** An answer, read to its end. */
export interface FetchedAnswer {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly bytes: Buffer;
}

/**
 * GETs a URL like an ordinary client: no credentials beside those in it, no redirect followed, no more than `maxBytes` read.
 * Fails as the connection does, and with a coded error for a longer body.
 */
export function fetchOnce(
  url: string,
  agents: FetchAgents,
  { maxBytes, signal }: { readonly maxBytes: number; readonly signal: AbortSignal },
): Promise<FetchedAnswer> {
  const target = new URL(url);
  const isTls = target.protocol === 'https:';
  return new Promise((resolve, reject) => {
    const options = { signal, agent: isTls ? agents.https : agents.http };
    const sent = isTls ? requestHttps(target, options) : requestHttp(target, options);
    sent.on('error', reject);
    sent.on('response', (answer) => {
      readAll(answer, maxBytes).then(
        (bytes) => resolve({ status: answer.statusCode ?? 0, headers: answer.headers, bytes }),
        reject,
      );
    });
    sent.end();
  });
}

async function readAll(answer: IncomingMessage, maxBytes: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let length = 0;
  // Leaving the loop early destroys the answer and its connection.
  for await (const chunk of answer as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > maxBytes) throw new CodedError(CommonErrors.payloadTooLarge, 'The answer is too long.');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
