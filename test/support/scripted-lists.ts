import { answer, type FakeAnswer, type FakeS3 } from './fake-s3.js';

/** An object as a scripted list shows it. */
export interface ScriptedObject {
  readonly key: string;
  readonly sizeBytes?: number;
  /** Null leaves it out. */
  readonly modifiedAt?: Date | null;
}

/** How a page of a scripted list departs from an honest one. */
export interface PageOptions {
  /** Token of the next page; absent: this is the last one. */
  readonly next?: string;
  /** What the server says that the time is. */
  readonly now?: Date;
}

const OLD = new Date(Date.now() - 30 * 86_400_000);

/** One page of a list, as an S3 server with `encoding-type=url` answers it. */
export function listPage(
  objects: readonly ScriptedObject[],
  { next, now = new Date() }: PageOptions = {},
): FakeAnswer {
  const contents = objects.map(({ key, sizeBytes = 7, modifiedAt = OLD }) =>
    [
      '<Contents>',
      `<Key>${encodeURIComponent(key).replaceAll('%2F', '/')}</Key>`,
      modifiedAt === null ? '' : `<LastModified>${modifiedAt.toISOString()}</LastModified>`,
      `<ETag>"e"</ETag><Size>${sizeBytes}</Size>`,
      '</Contents>',
    ].join(''),
  );
  const truncated =
    next === undefined
      ? '<IsTruncated>false</IsTruncated>'
      : `<IsTruncated>true</IsTruncated><NextContinuationToken>${next}</NextContinuationToken>`;
  const xml = `<?xml version="1.0"?><ListBucketResult><EncodingType>url</EncodingType>${truncated}${contents.join('')}</ListBucketResult>`;
  return answer(200, xml, { 'content-type': 'application/xml', date: now.toUTCString() });
}

/** No multipart uploads. The fake server takes this for a list of objects, so it is told apart by its query. */
export function scriptLists(fake: FakeS3, ...pages: FakeAnswer[]): void {
  const waiting = [...pages];
  fake.script('ListObjectsV2', (response, request) => {
    if (request.url.searchParams.has('uploads')) {
      const xml = '<ListMultipartUploadsResult><IsTruncated>false</IsTruncated></ListMultipartUploadsResult>';
      answer(200, xml, { 'content-type': 'application/xml' })(response, request);
      return;
    }
    const page = waiting.length > 1 ? waiting.shift() : waiting[0];
    page?.(response, request);
  });
}
