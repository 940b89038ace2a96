import { answer, errorAnswer, type FakeS3 } from './fake-s3.js';

/** Makes a fake server keep objects, as far as a gateway needs it before something is made to fail. */
export function keepObjects(fake: FakeS3): void {
  const objects = new Map<string, Buffer>();
  fake.script('PutObject', (response, request) => {
    objects.set(request.url.pathname, request.body);
    answer(200)(response, request);
  });
  fake.script('DeleteObject', (response, request) => {
    objects.delete(request.url.pathname);
    answer(204)(response, request);
  });
  fake.script('HeadObject', (response, request) => {
    const found = objects.get(request.url.pathname);
    answer(found === undefined ? 404 : 200, '', { 'content-length': String(found?.length ?? 0) })(
      response,
      request,
    );
  });
  fake.script('GetObject', (response, request) => {
    const { pathname, searchParams } = request.url;
    const found = objects.get(pathname);
    if (found === undefined) {
      errorAnswer(404, 'NoSuchKey')(response, request);
      return;
    }
    const headers: Record<string, string> = {};
    for (const name of ['content-type', 'content-disposition'])
      if (searchParams.has(`response-${name}`)) headers[name] = searchParams.get(`response-${name}`) ?? '';
    const [, start, end] = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? '') ?? [];
    if (start === undefined) {
      answer(200, found, headers)(response, request);
      return;
    }
    const range = { ...headers, 'content-range': `bytes ${start}-${end}/${found.length}` };
    answer(206, found.subarray(Number(start), Number(end) + 1), range)(response, request);
  });
}
