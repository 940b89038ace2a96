import { describe, expect, it } from '@jest/globals';
import { CodedError } from '#kernel';
import { StorageErrors } from '#storage';

import { plainReason } from './plain-reason.js';

/** An error as it comes out of a client, wrapped as an adapter does. */
function from(cause: object): CodedError {
  return new CodedError(StorageErrors.unavailable, 'The storage does not answer as it should.', { cause });
}

const secret = 'AKIASECRET in bucket hidden';

describe('why a probe failed', () => {
  it.each([
    ['wrong credentials', { name: 'InvalidAccessKeyId' }, /refuses the credentials/],
    ['wrong credentials, to HEAD', { name: '403', $metadata: { httpStatusCode: 403 } }, /refuses the cred/],
    ['wrong credentials on Azure', { name: 'RestError', statusCode: 403 }, /refuses the credentials/],
    ['no bucket', { name: 'NoSuchBucket' }, /no such bucket/],
    ['another clock', { name: 'RequestTimeTooSkewed' }, /clocks/],
    ['nothing there', { code: 'ECONNREFUSED' }, /Nothing answers/],
    ['no such name', { code: 'ENOTFOUND' }, /cannot be resolved/],
  ])('is said in plain words: %s', (_what, cause, words) => {
    expect(plainReason(from(Object.assign(new Error(secret), cause)))).toMatch(words);
  });

  it('PS-08: is the clocks where they are known to be it, whatever else the server calls it', () => {
    const cause = Object.assign(new Error(secret), {
      name: 'UnknownError',
      $metadata: { httpStatusCode: 403 },
    });
    const skewed = new CodedError(StorageErrors.clockSkewed, 'The clocks differ by 20 minutes.', { cause });
    expect(plainReason(skewed)).toBe('The clocks differ by 20 minutes.');
  });

  it('is found among the attempts at several addresses', () => {
    const refused = Object.assign(new Error(secret), { code: 'ECONNREFUSED' });
    expect(plainReason(from(new AggregateError([refused])))).toMatch(/Nothing answers/);
  });

  it('is what was said closest to the fault, by us', () => {
    const inner = new CodedError(StorageErrors.insufficientStorage, 'The storage takes no more.');
    expect(plainReason(from(inner))).toBe('The storage takes no more.');
  });

  it('ST-17: never repeats what the server or the system said', () => {
    for (const error of [from(new Error(secret)), new Error(secret), secret, null])
      expect(plainReason(error)).toBe('The storage does not answer as it should.');
  });
});
