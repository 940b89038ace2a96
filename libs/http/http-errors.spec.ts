import { CodedError, CommonErrors } from '#kernel';
import { describe, expect, it } from '@jest/globals';
import { BadRequestException, HttpException, NotFoundException } from '@nestjs/common';
import { renderError } from './error-family.js';
import { HttpErrors, toCodedError } from './http-errors.js';

const INTERNAL = '/srv/gatehold/libs/x.ts SELECT password FROM users';

function frameworkError(statusCode: unknown): Error {
  return Object.assign(new Error(INTERNAL), { statusCode, code: 'FST_ERR_SOMETHING' });
}

describe('toCodedError', () => {
  it('leaves a coded error as it is', () => {
    const error = new CodedError(CommonErrors.invalid, 'No.');
    expect(toCodedError(error)).toBe(error);
  });

  it.each([
    [400, CommonErrors.unparsable],
    [404, HttpErrors.notFound],
    [405, HttpErrors.methodNotAllowed],
    [408, HttpErrors.timeout],
    [413, CommonErrors.payloadTooLarge],
    [414, HttpErrors.uriTooLong],
    [415, HttpErrors.unsupportedMediaType],
    [422, CommonErrors.invalid],
    [431, HttpErrors.headersTooLarge],
    [503, CommonErrors.unavailable],
  ])('keeps the status %i of an error of the framework', (status, kind) => {
    expect(toCodedError(frameworkError(status)).kind).toBe(kind);
    expect(toCodedError(new HttpException(INTERNAL, status)).kind).toBe(kind);
  });

  it('takes any other refusal of the framework for a request it did not understand', () => {
    expect(toCodedError(frameworkError(418)).kind).toBe(CommonErrors.unparsable);
  });

  it.each([
    new Error(INTERNAL),
    new TypeError(INTERNAL),
    frameworkError(500),
    frameworkError(502),
    frameworkError(200),
    frameworkError('404'),
    new HttpException(INTERNAL, 500),
    { statusCode: 404, message: INTERNAL },
    INTERNAL,
    null,
    undefined,
  ])('takes %p for a fault of the gateway', (thrown) => {
    expect(toCodedError(thrown).kind).toBe(CommonErrors.internal);
  });

  it.each([
    new Error(INTERNAL),
    frameworkError(400),
    frameworkError(418),
    frameworkError(503),
    new BadRequestException(INTERNAL),
    new NotFoundException({ message: INTERNAL, path: INTERNAL }),
    INTERNAL,
  ])('DL-13: shows nothing internal of %p in any family, and keeps it for the log', (thrown) => {
    const error = toCodedError(thrown);
    expect(error.cause).toBe(thrown);
    for (const family of ['native', 'knowledge-base', 'fetch'] as const) {
      const text = JSON.stringify(renderError(error, family, 'an-id'));
      for (const part of ['gatehold', 'SELECT', 'password', 'FST_ERR', '.ts'])
        expect(text).not.toContain(part);
    }
  });
});
