import { describe, expect, it } from '@jest/globals';

import { andThen } from './maybe-promise.js';

const fail = (): never => {
  throw new Error('no');
};

describe('andThen', () => {
  it('goes on at once with what is known', () => {
    expect(andThen(2, (two) => two + 1)).toBe(3);
    expect(andThen(undefined, () => null)).toBeNull();
    expect(() => andThen(2, fail)).toThrow('no');
  });

  it('goes on with what is not known when it is', async () => {
    const later = andThen(Promise.resolve(2), (two) => Promise.resolve(two + 1));
    expect(later).toBeInstanceOf(Promise);
    await expect(later).resolves.toBe(3);
    await expect(andThen(Promise.resolve(2), fail)).rejects.toThrow('no');
  });

  it('does not go on with what fails', async () => {
    await expect(andThen(Promise.reject(new Error('before')), fail)).rejects.toThrow('before');
  });
});
