import { describe, expect, it } from '@jest/globals';

import { CodedError, CommonErrors } from '#kernel';

import { errorFamilyOf, renderError } from './error-family.js';
import { HttpErrors } from './http-errors.js';
import { validationFailed } from './validation.pipe.js';

describe('the family of a request target', () => {
  it.each(['/fetch', '/fetch/x', '/tenants/create', '/tenant/x', '/ingestion/x', '/list/x', '/delete/x?y#z'])(
    '%s is fetch',
    (target) => expect(errorFamilyOf(target)).toBe('fetch'),
  );

  it.each(['/knowledge-base', '/knowledge-base/sources', '/KNOWLEDGE-BASE/x'])(
    '%s is knowledge-base',
    (target) => expect(errorFamilyOf(target)).toBe('knowledge-base'),
  );

  it.each([
    '',
    '/',
    '*',
    '/v1/tenants',
    '/fetch-me',
    '/x/fetch',
    '/?/fetch',
    '/%2ffetch',
    '/%zz',
    'fetch/x',
    'http://fetch/',
  ])('%s is native', (target) => expect(errorFamilyOf(target)).toBe('native'));

  it.each([
    'http://host/fetch/x',
    'HTTPS://host:1/fetch?x',
    '//fetch/x',
    '/%66etch/x',
    '/f%65tch',
    'http://h/%66etch/%zz',
  ])('%s is fetch, as the router reads it', (target) => expect(errorFamilyOf(target)).toBe('fetch'));
});

describe('an error of the fetch family', () => {
  const kind = (status: number, code = 'x'): { code: string; status: number; title: string } => ({
    code,
    status,
    title: 'T',
  });

  it.each([
    [CommonErrors.unparsable, 400, 'INVALID_PARAMETERS'],
    [kind(401), 401, 'UNAUTHORIZED'],
    [kind(403), 403, 'FORBIDDEN'],
    [HttpErrors.notFound, 404, 'NOT_FOUND'],
    [kind(404, 'tenant_not_found'), 404, 'TENANT_NOT_FOUND'],
    [kind(404, 'sub_tenant_not_found'), 404, 'SUB_TENANT_NOT_FOUND'],
    [kind(404, 'source_not_found'), 404, 'FILE_NOT_FOUND'],
    [kind(409), 409, 'CONFLICT'],
    [kind(409, 'tenant_already_exists'), 409, 'TENANT_ALREADY_EXISTS'],
    [CommonErrors.payloadTooLarge, 413, 'FILE_TOO_LARGE'],
    [CommonErrors.invalid, 422, 'VALIDATION_ERROR'],
    [kind(429), 429, 'RATE_LIMITED'],
    [CommonErrors.unavailable, 503, 'UNAVAILABLE'],
    [CommonErrors.internal, 500, 'INTERNAL_ERROR'],
    [kind(507), 507, 'INTERNAL_ERROR'],
    [HttpErrors.uriTooLong, 414, 'INVALID_PARAMETERS'],
  ])('%j is %i %s', (kindOfError, status, code) => {
    const rendered = renderError(new CodedError(kindOfError, 'Why.'), 'fetch', 'id');
    expect(rendered).toEqual({
      status,
      contentType: 'application/json; charset=utf-8',
      body: { detail: { success: false, message: 'Why.', error_code: code } },
    });
  });

  it('is 400 where a field is missing, also beside bad ones, and 422 where fields are only bad', () => {
    const bad = { field: 'mode', code: 'invalid', message: 'is bad' } as const;
    const missing = { field: 'source_id', code: 'missing', message: 'is required' } as const;
    expect(renderError(validationFailed([bad, missing]), 'fetch', 'id')).toMatchObject({
      status: 400,
      body: {
        detail: { error_code: 'INVALID_PARAMETERS', message: 'mode: is bad; source_id: is required.' },
      },
    });
    expect(renderError(validationFailed([bad]), 'fetch', 'id')).toMatchObject({ status: 422 });
    expect(renderError(validationFailed([missing]), 'native', 'id')).toMatchObject({ status: 422 });
  });
});

describe('an error of the other families', () => {
  const error = new CodedError(CommonErrors.unavailable, 'Later.', { fields: { hint: 1 } });

  it('is a string in detail for knowledge bases', () => {
    expect(renderError(error, 'knowledge-base', 'id')).toEqual({
      status: 503,
      contentType: 'application/json; charset=utf-8',
      body: { detail: 'Later.' },
    });
  });

  it('is a problem document with code, request id and what else is known elsewhere', () => {
    expect(renderError(error, 'native', 'id')).toEqual({
      status: 503,
      contentType: 'application/problem+json',
      body: {
        type: 'about:blank',
        title: 'Temporarily unavailable',
        status: 503,
        detail: 'Later.',
        code: 'unavailable',
        request_id: 'id',
        hint: 1,
      },
    });
  });
});
