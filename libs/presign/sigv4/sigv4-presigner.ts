import { CodedError, type ErrorKind, type Secret } from '#kernel';
import { createHash, createHmac } from 'node:crypto';
import { isIP } from 'node:net';

import { SigningKeyCache } from './signing-key.js';
import { encodeKey, encodeUri } from './uri-encoding.js';

const ALGORITHM = 'AWS4-HMAC-SHA256';
const LONGEST_LIFE_SECONDS = 7 * 24 * 3600;
const SECOND_MS = 1000;

const CREDENTIALS_EXPIRED: ErrorKind = {
  code: 'storage_credentials_expired',
  status: 503,
  title: 'The credentials of the storage have expired',
};

/** What signs. */
export interface SigningCredentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: Secret;
  /** Comes with temporary credentials, and is part of every URL made with them. */
  readonly sessionToken?: Secret | undefined;
  /** When temporary credentials end. No URL is made that claims to live longer. */
  readonly expiresAt?: Date | undefined;
}

/** Where the bucket is. */
export interface SigningTarget {
  /** Scheme, host and port, without a path: `https://s3.eu-central-1.amazonaws.com`. */
  readonly endpoint: string;
  readonly bucket: string;
  readonly region: string;
  /** True: the bucket is the first segment of the path. False: it is the first label of the host name, if that is one. */
  readonly pathStyle: boolean;
}

/** The request that a URL is to allow. */
export interface PresignRequest {
  readonly method: 'GET' | 'HEAD' | 'PUT' | 'POST' | 'DELETE';
  /** Any key; it is encoded here. */
  readonly key: string;
  /** 1 to 604,800 (7 days), whole seconds. */
  readonly expiresInSeconds: number;
  /** The time of signing, milliseconds since 1970. */
  readonly nowMs: number;
  /** Further parameters, such as `response-content-disposition`, `partNumber`, `uploadId`; not yet encoded. */
  readonly query?: Readonly<Record<string, string>> | undefined;
  /** Headers that the caller of the URL has to send with exactly these values; names in lower case. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
}

/**
 * How the parameters of a signature are written; servers take either.
 *
 * - `sdk`: as the AWS SDK for JavaScript does, once the caller gives its `x-id` among the further parameters.
 * - `cli`: as `aws s3 presign` and all else that is made on botocore does; AWS documents this one.
 */
export type UrlForm = 'sdk' | 'cli';

/** A URL and the end of its life, which temporary credentials may have brought nearer. */
export interface PresignedUrl {
  readonly url: string;
  readonly expiresAt: Date;
}

/**
 * Signs URLs of S3 with AWS Signature Version 4 in the query string ("Authenticating requests: using query
 * parameters"), for one credential on one bucket, without asking anybody. The body is never signed
 * (`UNSIGNED-PAYLOAD`): whoever holds the URL brings it.
 */
export class SigV4Presigner {
  private readonly keys: SigningKeyCache;
  private readonly origin: string;
  private readonly host: string;
  private readonly pathPrefix: string;
  private readonly credential: string;
  private readonly token: string;
  private second = Number.NaN;
  private stamp = '';

  constructor(
    private readonly credentials: SigningCredentials,
    private readonly target: SigningTarget,
    private readonly form: UrlForm = 'sdk',
  ) {
    const { protocol, host, hostname } = new URL(target.endpoint);
    // An address has no labels that a bucket could be the first of.
    const pathStyle = target.pathStyle || isIP(hostname.replace(/^\[|\]$/g, '')) !== 0;
    this.host = pathStyle ? host : `${target.bucket}.${host}`;
    this.origin = `${protocol}//${this.host}`;
    this.pathPrefix = pathStyle ? `/${target.bucket}/` : '/';
    this.keys = new SigningKeyCache(credentials.secretAccessKey.reveal());
    this.credential = encodeUri(credentials.accessKeyId);
    const token = credentials.sessionToken?.reveal();
    this.token = token === undefined ? '' : `&X-Amz-Security-Token=${encodeUri(token)}`;
  }

  /**
   * Makes a URL. Throws `storage_credentials_expired` when the credentials have ended, and `RangeError` for a life
   * that Signature Version 4 does not allow.
   */
  presign(request: PresignRequest): PresignedUrl {
    const { method, nowMs, query, headers } = request;
    const life = this.life(request);
    const stamp = this.stampOf(nowMs);
    const day = stamp.slice(0, 8);
    const path = this.pathPrefix + encodeKey(request.key);
    const signedHeaders = headers === undefined ? 'host' : headerNames(headers);
    const scope = `${day}/${this.target.region}/s3/aws4_request`;
    const credential = `X-Amz-Credential=${this.credential}%2F${encodeUri(scope)}`;
    const payload = this.form === 'sdk' ? 'X-Amz-Content-Sha256=UNSIGNED-PAYLOAD&' : '';
    const first = `X-Amz-Algorithm=${ALGORITHM}&${payload}${credential}&X-Amz-Date=${stamp}&X-Amz-Expires=${life}`;
    const signed = `&X-Amz-SignedHeaders=${encodeUri(signedHeaders)}`;
    const further = query === undefined ? '' : furtherQuery(query);
    const canonical = `${method}\n${path}\n${first}${this.token}${signed}${further}\n${this.headerLines(headers)}\n${signedHeaders}\nUNSIGNED-PAYLOAD`;
    const digest = createHash('sha256').update(canonical, 'utf8').digest('hex');
    const signature = createHmac('sha256', this.keys.get(day, this.target.region, 's3'))
      .update(`${ALGORITHM}\n${stamp}\n${scope}\n${digest}`, 'utf8')
      .digest('hex');
    const url = `${this.origin}${path}?${this.written(first, signed, further, signature)}`;
    return { url, expiresAt: new Date(Math.floor(nowMs / SECOND_MS) * SECOND_MS + life * SECOND_MS) };
  }

  /** All parameters in the order of the form. What is signed is sorted in either. */
  private written(first: string, signed: string, further: string, signature: string): string {
    const last = `&X-Amz-Signature=${signature}`;
    if (this.form === 'sdk') return `${first}${this.token}${last}${signed}${further}`;
    const leading = further === '' ? '' : `${further.slice(1)}&`;
    return `${leading}${first}${signed}${this.token}${last}`;
  }

  private life({ expiresInSeconds, nowMs }: PresignRequest): number {
    if (
      !Number.isInteger(expiresInSeconds) ||
      expiresInSeconds < 1 ||
      expiresInSeconds > LONGEST_LIFE_SECONDS
    )
      throw new RangeError('A URL lives 1 to 604,800 seconds.');
    const end = this.credentials.expiresAt;
    if (end === undefined) return expiresInSeconds;
    const left = Math.floor((end.getTime() - nowMs) / SECOND_MS);
    if (left < 1)
      throw new CodedError(CREDENTIALS_EXPIRED, 'The credentials of the storage have expired; renew them.');
    return Math.min(expiresInSeconds, left);
  }

  /** `YYYYMMDDTHHMMSSZ`; made once a second, since a date costs more than the rest of a URL's text. */
  private stampOf(nowMs: number): string {
    const second = Math.floor(nowMs / SECOND_MS);
    if (second !== this.second) {
      this.stamp = new Date(second * SECOND_MS).toISOString().replace(/[-:]|\.\d{3}/g, '');
      this.second = second;
    }
    return this.stamp;
  }

  private headerLines(headers: PresignRequest['headers']): string {
    if (headers === undefined) return `host:${this.host}\n`;
    const all = { ...headers, host: this.host };
    return Object.entries(all)
      .sort(byName)
      .map(([name, value]) => `${name}:${value.trim().replace(/ +/g, ' ')}\n`)
      .join('');
  }
}

function headerNames(headers: Readonly<Record<string, string>>): string {
  return ['host', ...Object.keys(headers)].sort().join(';');
}

/** Parameters whose names come after `X-Amz-SignedHeaders`, in the order that the signature wants. */
function furtherQuery(query: Readonly<Record<string, string>>): string {
  const pairs = Object.entries(query).map(([name, value]): [string, string] => [
    encodeUri(name),
    encodeUri(value),
  ]);
  if (pairs.length > 1) pairs.sort(byName);
  return pairs.map(([name, value]) => `&${name}=${value}`).join('');
}

function byName([one]: readonly [string, string], [other]: readonly [string, string]): number {
  return one < other ? -1 : 1;
}
