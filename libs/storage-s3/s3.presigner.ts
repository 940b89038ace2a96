import {
  type ObjectKey,
  ObjectPresigner,
  type PresignedPut,
  type PresignedRequest,
  type PresignGetOptions,
  type PresignPutOptions,
  type StorageClock,
} from '#storage';

import type { QuerySigner } from './query-signer.js';
import type { S3Place } from './s3.place.js';

/** URLs that the S3 server serves itself: signed for the time that it has, so that they live as long as is said. */
export class S3Presigner extends ObjectPresigner {
  readonly answersSuffixRanges = true;

  /** `conditionalPut`: the server was seen to refuse a PUT with `If-None-Match: *` to a key that is taken. */
  constructor(
    private readonly signer: QuerySigner,
    private readonly place: S3Place,
    private readonly clock: StorageClock,
    private readonly conditionalPut: boolean,
  ) {
    super();
  }

  presignGet(key: ObjectKey, options: PresignGetOptions): PresignedRequest {
    const { contentDisposition, contentType } = options;
    const query = {
      ...(contentDisposition === undefined ? {} : { 'response-content-disposition': contentDisposition }),
      ...(contentType === undefined ? {} : { 'response-content-type': contentType }),
    };
    return { method: 'GET', headers: {}, ...this.sign('GET', key, options, query, undefined) };
  }

  presignPut(key: ObjectKey, options: PresignPutOptions): PresignedPut {
    const writesOnce = this.conditionalPut;
    const headers = { ...boundHeaders(options), ...(writesOnce ? { 'if-none-match': '*' } : {}) };
    return { method: 'PUT', headers, writesOnce, ...this.sign('PUT', key, options, undefined, headers) };
  }

  presignPart(
    key: ObjectKey,
    uploadId: string,
    partNumber: number,
    options: PresignPutOptions,
  ): PresignedRequest {
    const headers = boundHeaders({ ...options, contentType: undefined });
    const query = { partNumber: String(partNumber), uploadId };
    return { method: 'PUT', headers, ...this.sign('PUT', key, options, query, headers) };
  }

  private sign(
    method: 'GET' | 'PUT',
    key: ObjectKey,
    { expiresInSeconds, nowMs }: PresignGetOptions,
    query: Readonly<Record<string, string>> | undefined,
    headers: Readonly<Record<string, string>> | undefined,
  ): { url: string; expiresAt: Date } {
    const signed = headers === undefined || Object.keys(headers).length === 0 ? undefined : headers;
    const aheadMs = this.clock.aheadMs();
    const { url, expiresAt } = this.signer.presign({
      method,
      key: this.place.keyOf(key),
      expiresInSeconds,
      nowMs: nowMs + aheadMs,
      query,
      headers: signed,
    });
    return { url, expiresAt: new Date(expiresAt.getTime() - aheadMs) };
  }
}

/**
 * Signed headers are what S3 can hold an upload to; a checksum in the query would be signed and then ignored. Never that
 * of an empty body, which the SDK puts into its own presigned PUTs.
 */
function boundHeaders({ sizeBytes, contentType, checksumSha256 }: PresignPutOptions): Record<string, string> {
  return {
    ...(sizeBytes === undefined ? {} : { 'content-length': String(sizeBytes) }),
    ...(contentType === undefined ? {} : { 'content-type': contentType }),
    ...(checksumSha256 === undefined
      ? {}
      : { 'x-amz-checksum-sha256': Buffer.from(checksumSha256, 'hex').toString('base64') }),
  };
}
