import { CodedError, CommonErrors } from '#kernel';
import { describe, expect, it } from '@jest/globals';
import {
  DatabaseUnusableError,
  isForeignKeyViolation,
  isRetryable,
  isUniqueViolation,
  translateDatabaseError,
  usingSetting,
} from './database-errors.js';

function coded(code: string, message = 'said the server', more: object = {}): Error {
  return Object.assign(new Error(message), { code, ...more });
}

describe('translateDatabaseError', () => {
  it.each([
    ['08000', 'connection exception'],
    ['08006', 'connection failure'],
    ['53100', 'disk full'],
    ['53200', 'out of memory'],
    ['53300', 'too many connections'],
    ['57014', 'statement timeout'],
    ['57P01', 'admin shutdown'],
    ['57P03', 'cannot connect now'],
    ['25006', 'read-only server'],
    ['55P03', 'lock not available'],
    ['EAI_AGAIN', 'name server away'],
    ['ECONNABORTED', 'aborted'],
    ['ECONNREFUSED', 'refused'],
    ['ECONNRESET', 'reset'],
    ['EHOSTUNREACH', 'no route'],
    ['ENETUNREACH', 'no network'],
    ['ENOTFOUND', 'no such host'],
    ['EPIPE', 'broken pipe'],
    ['ETIMEDOUT', 'timed out'],
  ])('turns %s (%s) into a 503 that may be tried again', (code, message) => {
    const cause = coded(code, message);
    const error = translateDatabaseError(cause);
    expect(error).toMatchObject({ kind: CommonErrors.unavailable, retryAfterSeconds: 2, cause });
    expect((error as Error).message).not.toContain(message);
  });

  it.each([
    'Connection terminated',
    'Connection terminated unexpectedly',
    'Connection terminated due to connection timeout',
    'Client has encountered a connection error and is not queryable',
    'Client was closed and is not queryable',
    'Cannot use a pool after calling end on the pool',
    'timeout exceeded when trying to connect',
    'timeout expired',
    'Query read timeout',
    'Cannot execute operation on "default" connection because connection is not yet established.',
    'Driver not Connected',
    'Query runner already released. Cannot run queries anymore.',
    'Database connection provided by a query runner was already released, cannot continue to use its querying methods anymore.',
  ])('turns the driver error %p into a 503', (message) => {
    expect(translateDatabaseError(new Error(message))).toMatchObject({ kind: CommonErrors.unavailable });
  });

  it.each([
    coded('23505'),
    coded('23503'),
    coded('42P01', 'relation does not exist'),
    coded('42501', 'permission denied'),
    coded('22021', 'invalid byte sequence'),
    coded('40001'),
    coded('ERR_INVALID_ARG_TYPE'),
    coded('EACCES'),
    new TypeError("Cannot read properties of undefined (reading 'connection')"),
    new Error('a sentence about some connection'),
    'a text',
    null,
    undefined,
  ])('leaves %p as it is, so that a bug stays visible as one', (error) => {
    expect(translateDatabaseError(error)).toBe(error);
  });

  it('leaves a coded error as it is', () => {
    const error = new CodedError(CommonErrors.invalid, 'no', { cause: coded('57P01') });
    expect(translateDatabaseError(error)).toBe(error);
  });
});

describe('isRetryable', () => {
  it('holds for a serialization failure and a deadlock alone', () => {
    expect(['40001', '40P01'].every((code) => isRetryable(coded(code)))).toBe(true);
    expect(['40000', '40002', '55P03', '57014', '23505'].some((code) => isRetryable(coded(code)))).toBe(
      false,
    );
    expect([new Error('40001'), null, undefined, '40001', { code: 40001 }].some(isRetryable)).toBe(false);
  });
});

describe('isUniqueViolation', () => {
  it('can be asked about one constraint', () => {
    const error = coded('23505', 'duplicate', { constraint: 'sources_pkey' });
    expect(isUniqueViolation(error)).toBe(true);
    expect(isUniqueViolation(error, 'sources_pkey')).toBe(true);
    expect(isUniqueViolation(error, 'sources_external_id')).toBe(false);
    expect(isUniqueViolation(coded('23503', 'other', { constraint: 'sources_pkey' }), 'sources_pkey')).toBe(
      false,
    );
  });
});

describe('isForeignKeyViolation', () => {
  it('holds for its own state alone', () => {
    expect(isForeignKeyViolation(coded('23503'))).toBe(true);
    expect(isForeignKeyViolation(coded('23505'))).toBe(false);
  });
});

describe('usingSetting', () => {
  it('answers what the step answers', async () => {
    await expect(usingSetting('DATABASE_URL', async () => 7)).resolves.toBe(7);
  });

  it.each([
    '28P01',
    '28000',
    '3D000',
    '42501',
    '08006',
    'ECONNREFUSED',
    'ENOTFOUND',
    'DEPTH_ZERO_SELF_SIGNED_CERT',
  ])('names the setting when the server fails with %s', async (code) => {
    const step = usingSetting('DATABASE_URL', () => Promise.reject(coded(code, 'no entry')));
    await expect(step).rejects.toThrow(DatabaseUnusableError);
    await expect(step).rejects.toThrow('DATABASE_URL');
  });

  it('says the code where there is no message, as after several addresses', async () => {
    const step = usingSetting('DATABASE_URL', () => Promise.reject(coded('ECONNREFUSED', '')));
    await expect(step).rejects.toThrow('ECONNREFUSED');
  });

  it.each([new TypeError('a bug'), coded('42601', 'syntax error')])('passes %p on', async (error) => {
    await expect(usingSetting('DATABASE_URL', () => Promise.reject(error))).rejects.toBe(error);
  });
});
