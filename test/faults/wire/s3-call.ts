import type { IncomingMessage } from 'node:http';

/** A request to the S3 server. */
export interface S3Call {
  /** Its name in the S3 API; `Other` for what has to do with no single object. */
  readonly operation:
    | 'PutObject'
    | 'CopyObject'
    | 'GetObject'
    | 'HeadObject'
    | 'DeleteObject'
    | 'CreateMultipartUpload'
    | 'UploadPart'
    | 'CompleteMultipartUpload'
    | 'AbortMultipartUpload'
    | 'Other';
  readonly key: string;
  /** Sent by whoever was given the URL, and not by a gateway. */
  readonly presigned: boolean;
  /** Of the whole object, or of a part of it. */
  readonly ranged: boolean;
}

/** What a request is, by its method, path (`/bucket/key`) and query. */
export function s3CallOf({ method = '', url = '/', headers }: IncomingMessage): S3Call {
  const { pathname, searchParams } = new URL(url, 'http://s3');
  const key = pathname.split('/').slice(2).join('/');
  return {
    operation: operationOf(method, key, searchParams, headers['x-amz-copy-source'] !== undefined),
    key,
    presigned: searchParams.has('X-Amz-Signature'),
    ranged: headers.range !== undefined,
  };
}

function operationOf(
  method: string,
  key: string,
  query: URLSearchParams,
  copies: boolean,
): S3Call['operation'] {
  const inUpload = query.has('uploadId');
  if (key === '') return 'Other';
  switch (method) {
    case 'PUT':
      if (inUpload) return 'UploadPart';
      return copies ? 'CopyObject' : 'PutObject';
    case 'POST':
      return inUpload ? 'CompleteMultipartUpload' : 'CreateMultipartUpload';
    case 'DELETE':
      return inUpload ? 'AbortMultipartUpload' : 'DeleteObject';
    case 'HEAD':
      return 'HeadObject';
    default:
      return inUpload ? 'Other' : 'GetObject';
  }
}
