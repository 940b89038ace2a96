import { validationFailed } from '#http';
import { CodedError, CommonErrors } from '#kernel';

const URL_EXAMPLE = 'http://127.0.0.1:8080/l/AQIAAWszdjl4MHEybTdhYgGXyaJbHnw9';
const COMMON = {
  source_id: 'CortexDoc1234',
  id: 'CortexDoc1234',
  success: true,
  content: null,
  content_base64: null,
  presigned_url: null,
  content_type: 'text/plain',
  size_bytes: 6,
  message: 'File fetched successfully',
  error: null,
};

/** Requests of the fetch call; the first one is what the API page offers. */
export const FETCH_REQUESTS = {
  content: { summary: 'The content', value: { tenant_id: 'acme', source_id: 'CortexDoc1234' } },
  url: {
    summary: 'A URL for ten minutes',
    value: { tenant_id: 'acme', source_id: 'CortexDoc1234', mode: 'url', expiry_seconds: 600 },
  },
  both: {
    summary: 'Both, in a sub-tenant',
    value: { tenant_id: 'acme', sub_tenant_id: 'legal', source_id: 'CortexDoc1234', mode: 'both' },
  },
};

/** Answers of the fetch call. */
export const FETCH_ANSWERS = {
  examples: {
    text: { summary: 'Content of a text file', value: { ...COMMON, content: 'Hello.' } },
    binary: {
      summary: 'Content of any other file',
      value: { ...COMMON, content_base64: 'JVBERi0xLjc=', content_type: 'application/pdf', size_bytes: 8 },
    },
    url: {
      summary: 'A URL',
      value: { ...COMMON, presigned_url: URL_EXAMPLE, expires_at: '2030-01-31T13:00:00.000Z' },
    },
    both: {
      summary: 'Both',
      value: {
        ...COMMON,
        content: 'Hello.',
        presigned_url: URL_EXAMPLE,
        expires_at: '2030-01-31T13:00:00.000Z',
      },
    },
  },
};

/** What is said of a file that is too large for JSON. */
export const TOO_LARGE = new CodedError(
  CommonErrors.payloadTooLarge,
  'The file is larger than the 33554432 bytes that are given inline; ask with mode=url for a URL.',
);

/** What is said of a request that lacks a field (400), and of one with a bad value (422). */
export const BAD_WISHES = [
  validationFailed([{ field: 'source_id', code: 'missing', message: 'is required' }]),
  validationFailed([{ field: 'mode', code: 'invalid', message: 'must be one of content, url, both' }]),
];
