import { expect } from '@jest/globals';

import type { Answer } from './api.js';

/** The answer is an error of the fetch family: exact status, exact code, exactly its members. */
export function expectFetchError(answer: Answer, status: number, code: string): void {
  expect({ status: answer.status, body: answer.json as unknown }).toStrictEqual({
    status,
    body: { detail: { success: false, message: expect.stringMatching(/\S/), error_code: code } },
  });
  expect(answer.headers.get('content-type')).toMatch(/^application\/json\b/);
}

/** The answer is an error of the knowledge-base family: `detail` is a string, and there is nothing else. */
export function expectDetail(answer: Answer, status: number, detail: RegExp = /\S/): void {
  expect({ status: answer.status, body: answer.json as unknown }).toStrictEqual({
    status,
    body: { detail: expect.stringMatching(detail) },
  });
  expect(answer.headers.get('content-type')).toMatch(/^application\/json\b/);
}

/** The answer is a problem document (RFC 9457) that names the request in header and body. */
export function expectProblem(answer: Answer, status: number, code?: string): void {
  expect({ status: answer.status, body: answer.json as unknown }).toStrictEqual({
    status,
    body: expect.objectContaining({
      type: 'about:blank',
      title: expect.stringMatching(/\S/),
      status,
      detail: expect.stringMatching(/\S/),
      code: code ?? expect.stringMatching(/^[a-z_]+$/),
      request_id: answer.headers.get('x-request-id'),
    }),
  });
  expect(answer.headers.get('x-request-id')).toMatch(/^[A-Za-z0-9._-]{8,64}$/);
  expect(answer.headers.get('content-type')).toMatch(/^application\/problem\+json\b/);
}

/** What a caller can tell two answers apart by: everything but the request id and the time. */
export function visible(answer: Answer): unknown {
  const headers = [...answer.headers].filter(([name]) => name !== 'date' && name !== 'x-request-id');
  return { status: answer.status, headers, body: answer.text };
}
