import { describe, expect, it } from '@jest/globals';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';

import { Damage, type DamageOptions } from './damage.js';

const pieces = ['hello ', 'world', ' of ', 'bytes'].map((text) => Buffer.from(text));

function pass(options: DamageOptions): Promise<Buffer> {
  return buffer(Readable.from(pieces).pipe(new Damage(options)));
}

describe('Damage', () => {
  it.each([0, 5, 6, 10, 19])('changes one bit of byte %d and nothing else', async (at) => {
    const whole = Buffer.concat(pieces);
    const damaged = await pass({ damage: 'flip', at });
    const wrong = [...whole.keys()].filter((index) => whole[index] !== damaged[index]);
    expect([damaged.length, wrong]).toEqual([whole.length, [at]]);
  });

  it.each([0, 5, 6, 19])('ends before byte %d as if that were all', async (at) => {
    expect((await pass({ damage: 'short', at })).toString()).toBe('hello world of bytes'.slice(0, at));
  });

  it('fails at a byte', async () => {
    await expect(pass({ damage: 'reset', at: 7 })).rejects.toThrow('cut off');
  });

  it.each(['flip', 'short', 'reset'] as const)(
    'leaves a body alone that ends before (%s)',
    async (damage) => {
      expect((await pass({ damage, at: 20 })).toString()).toBe('hello world of bytes');
    },
  );
});
