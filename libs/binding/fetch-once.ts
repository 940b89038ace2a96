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

/** What a fetch may take. */
export interface FetchLimits {
  readonly maxBytes: number;
  readonly signal: AbortSignal;
}

/**
 * GETs a URL like an ordinary client: no credentials beside those in it, no redirect followed, no more than `maxBytes` read.
 * Fails as the connection does, and with a coded error for a longer body. A connection that was idle and that the server
 * closed before it answered is no failure (RFC 9112 §9.3.1): the URL is asked for again, in the end on a new one.
 */
export async function fetchOnce(
  url: string,
  agents: FetchAgents,
  { maxBytes, signal }: FetchLimits,
): Promise<FetchedAnswer> {
  const answer = await ask(new URL(url), agents, signal);
  const bytes = await readAll(answer, maxBytes);
  return { status: answer.statusCode ?? 0, headers: answer.headers, bytes };
}

function ask(target: URL, agents: FetchAgents, signal: AbortSignal): Promise<IncomingMessage> {
  const isTls = target.protocol === 'https:';
  const options = { signal, agent: isTls ? agents.https : agents.http };
  return new Promise((resolve, reject) => {
    const sent = isTls ? requestHttps(target, options) : requestHttp(target, options);
    let isAnswered = false;
    sent.on('response', (answer) => {
      isAnswered = true;
      resolve(answer);
    });
    sent.on('error', (error) => {
      // What breaks an answer is for who reads it.
      if (isAnswered) return;
      if (sent.reusedSocket && !signal.aborted) resolve(ask(target, agents, signal));
      else reject(error);
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
