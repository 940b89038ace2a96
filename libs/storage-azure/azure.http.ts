import {
  type HttpOperationResponse,
  type IHttpClient,
  RestError,
  type WebResource,
} from '@azure/storage-blob';
import { CodedError } from '#kernel';
import { type GuardedAgents, Repeats, type StorageClock, StorageErrors } from '#storage';
import { request as requestHttp, type IncomingMessage } from 'node:http';
import { request as requestHttps } from 'node:https';
import { setTimeout as wait } from 'node:timers/promises';

/** More than the largest document that is asked for has: a list of 150,000 blocks, some 100 bytes each. */
const MAX_ANSWER_BYTES = 32 * 1024 * 1024;
/** An error's document has a few hundred bytes. */
const MAX_ERROR_BYTES = 256 * 1024;

/** Answers of a service that may serve in a moment. */
const PASSING = new Set([429, 500, 502, 503, 504]);
const THROTTLED = new Set([429, 503]);
/** The same of the source of a copy, which the service reads for us ("Put Block From URL"). */
const PASSING_AT_SOURCE = new Set(['InternalError', 'OperationTimedOut', 'ServerBusy']);

/**
 * Carries the SDK's requests over our own connections: so it meets no proxy of the environment, a refused endpoint fails
 * as what it is, and what the SDK reads as a whole has a bound. An answer with more is a broken one; content, which is
 * streamed, has none here. Bodies are texts or bytes.
 */
export class AzureHttpClient implements IHttpClient {
  readonly #repeats = new Repeats();

  /** `clock` hears the time of every answer. */
  constructor(
    private readonly agents: GuardedAgents,
    private readonly clock: StorageClock,
  ) {}

  /**
   * Asks, and asks again for what the network or the service broke, see {@link Repeats}. Fails with a coded error where the
   * connection may not or cannot be made in time or the answer is too long, with the signal's abort, and with a
   * `RestError` where the network failed.
   */
  async sendRequest(request: WebResource): Promise<HttpOperationResponse> {
    for (let repeats = 0; ; repeats += 1) {
      const outcome = await this.#once(request).catch(asNetworkFailure);
      const pauseMs = this.#pauseBeforeNext(outcome, repeats);
      if (pauseMs !== null) await wait(pauseMs, undefined, signalOf(request));
      else if (outcome instanceof Error) throw outcome;
      else return outcome;
    }
  }

  /** Null when there is no next attempt. */
  #pauseBeforeNext(outcome: HttpOperationResponse | Error, repeats: number): number | null {
    if (outcome instanceof Error) return this.#repeats.pauseMs(repeats, 'transient', 0);
    const { status, headers } = outcome;
    const isPassing =
      PASSING.has(status) || PASSING_AT_SOURCE.has(headers.get('x-ms-copy-source-error-code') ?? '');
    if (isPassing) {
      const askedMs = Number(headers.get('retry-after') ?? 0) * 1_000 || 0;
      return this.#repeats.pauseMs(repeats, THROTTLED.has(status) ? 'throttled' : 'transient', askedMs);
    }
    this.#repeats.succeeded(repeats);
    return null;
  }

  async #once(request: WebResource): Promise<HttpOperationResponse> {
    const sentAt = Date.now();
    const answer = await this.#ask(request);
    const { statusCode: status = 0, headers } = answer;
    this.clock.heard({ status, date: headers.date, age: headers.age, sentAt, cameAt: Date.now() });
    const response = { request, status, headers: headersOf(request, answer) };
    if (request.method === 'HEAD') {
      answer.resume();
      return response;
    }
    if (request.streamResponseStatusCodes?.has(status) === true)
      return { ...response, readableStreamBody: answer };
    return {
      ...response,
      bodyAsText: await textOf(answer, status >= 300 ? MAX_ERROR_BYTES : MAX_ANSWER_BYTES),
    };
  }

  #ask(request: WebResource): Promise<IncomingMessage> {
    const url = new URL(request.url);
    const isTls = url.protocol === 'https:';
    const options = {
      method: request.method,
      headers: request.headers.toJson({ preserveCase: true }),
      agent: isTls ? this.agents.https : this.agents.http,
      ...signalOf(request),
    };
    return new Promise((resolve, reject) => {
      const sent = isTls ? requestHttps(url, options, resolve) : requestHttp(url, options, resolve);
      sent.once('error', (error) => reject(networkFailure(error)));
      // An answer may be cut off later; who reads it hears of that.
      sent.on('error', () => undefined);
      sent.end(request.body);
    });
  }
}

/** The same thing by the type of an older version of the SDK. */
function signalOf({ abortSignal }: WebResource): { signal?: AbortSignal } {
  return abortSignal === undefined ? {} : { signal: abortSignal as AbortSignal };
}

/** Answers a failure of the network, and throws every other. */
function asNetworkFailure(error: unknown): RestError {
  if (error instanceof RestError) return error;
  throw error;
}

/** The SDK's own kind of headers, of which it gives no other. */
function headersOf(request: WebResource, { headers }: IncomingMessage): WebResource['headers'] {
  const made = request.headers.clone();
  for (const name of made.headerNames()) made.remove(name);
  for (const [name, value] of Object.entries(headers)) {
    const first = Array.isArray(value) ? value[0] : value;
    if (first !== undefined) made.set(name, first);
  }
  return made;
}

async function textOf(answer: IncomingMessage, maxBytes: number): Promise<string> {
  const chunks: Buffer[] = [];
  let length = 0;
  try {
    // Leaving the loop early destroys the answer and its connection.
    for await (const chunk of answer as AsyncIterable<Buffer>) {
      length += chunk.length;
      if (length > maxBytes)
        throw new CodedError(StorageErrors.unavailable, 'The storage answers with too much.');
      chunks.push(chunk);
    }
  } catch (error) {
    throw networkFailure(error as Error);
  }
  return Buffer.concat(chunks, length).toString('utf8');
}

function networkFailure(error: Error): Error {
  if (error instanceof CodedError || error.name === 'AbortError') return error;
  const { code = RestError.REQUEST_SEND_ERROR } = error as NodeJS.ErrnoException;
  return new RestError(error.message, { code });
}
