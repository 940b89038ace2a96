import { describe, expect, it } from '@jest/globals';

import { askedIdOf } from './naming.js';

describe('the id by which a source is asked for', () => {
  it('is the client’s own, which stays when another client removes the source and makes it anew', () => {
    expect(askedIdOf('6/slot-3', 'the-first-one')).toBe('slot-3');
  });

  it('is the gateway’s where the client gave none', () => {
    expect(askedIdOf('6/post-503', 'the-only-one')).toBe('the-only-one');
  });
});
