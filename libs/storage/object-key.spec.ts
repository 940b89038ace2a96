import { describe, expect, it } from '@jest/globals';
import { CodedError } from '#kernel';
import { isObjectKey, parseObjectKey, StorageErrors } from '#storage';

describe('object keys', () => {
  it.each([
    'a/b',
    '0/9',
    'tenant/01890a5d-ac96-774b-bcce-b302099a8057',
    'a/b/c/d/e/f/g/h',
    `a/${'x'.repeat(128)}`,
  ])('takes %s', (text) => {
    expect([isObjectKey(text), parseObjectKey(text)]).toEqual([true, text]);
  });

  it.each(['a', 'a/', '/a', 'a//b', 'a/..', 'a/b.c', 'A/b', 'a/-b', 'a/_b', 'a/b\n', 'a/b/c/d/e/f/g/h/i'])(
    'ST-07 refuses %j, and does not repeat it',
    (text) => {
      expect(isObjectKey(text)).toBe(false);
      const refused = (): unknown => parseObjectKey(text);
      expect(refused).toThrow(new CodedError(StorageErrors.invalidKey, 'An object key is malformed.'));
    },
  );
});
