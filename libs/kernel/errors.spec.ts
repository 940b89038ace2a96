import { describe, expect, it } from '@jest/globals';
import { CodedError, CommonErrors } from './errors.js';

const TEAPOT = { code: 'teapot', status: 418, title: 'A teapot' } as const;

describe('CodedError', () => {
  it('is an Error with its kind, its message and nothing else by default', () => {
    const error = new CodedError(TEAPOT, 'No coffee.');
    expect(error).toBeInstanceOf(Error);
    expect(error).toMatchObject({ name: 'CodedError', kind: TEAPOT, message: 'No coffee.', fields: {} });
    expect(error.retryAfterSeconds).toBeUndefined();
    expect('cause' in error).toBe(false);
  });

  it('keeps cause, fields and the time to come back', () => {
    const cause = new Error('underneath');
    const error = new CodedError(TEAPOT, 'No.', { cause, fields: { pots: 2 }, retryAfterSeconds: 30 });
    expect(error.cause).toBe(cause);
    expect(error.fields).toEqual({ pots: 2 });
    expect(error.retryAfterSeconds).toBe(30);
  });

  it('is told from other kinds by its code', () => {
    const error = new CodedError(TEAPOT, 'No.');
    expect(CodedError.is(error, TEAPOT)).toBe(true);
    expect(CodedError.is(error, { ...TEAPOT })).toBe(true);
    expect(CodedError.is(error, CommonErrors.internal)).toBe(false);
  });

  it.each([new Error('plain'), { kind: TEAPOT }, null, undefined, 'teapot'])(
    'is not mistaken for %p',
    (other) => {
      expect(CodedError.is(other, TEAPOT)).toBe(false);
    },
  );
});

describe('CommonErrors', () => {
  it('has one stable code for each kind', () => {
    const statuses = Object.values(CommonErrors).map(({ code, status }) => [code, status]);
    expect(Object.fromEntries(statuses)).toEqual({
      malformed_request: 400,
      validation_failed: 422,
      payload_too_large: 413,
      unavailable: 503,
      internal_error: 500,
    });
  });
});
