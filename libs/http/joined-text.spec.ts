import { describe, expect, it } from '@jest/globals';
import { array, assert, property, string } from 'fast-check';

import { joinedText } from './joined-text.js';

describe('joinedText', () => {
  it('is the texts one behind the other, whatever letters they have', () => {
    const isSame = property(array(string({ unit: 'binary', maxLength: 40 }), { maxLength: 4 }), (texts) => {
      expect(joinedText(...texts)).toEqual(Buffer.concat(texts.map((text) => Buffer.from(text))));
    });
    assert(isSame);
  });
});
