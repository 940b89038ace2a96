import { describe, expect, it } from '@jest/globals';

import { Choices } from './choices.js';

const drawn = (choices: Choices): number[] => Array.from({ length: 20 }, () => choices.fraction());

describe('Choices', () => {
  it('are the same for the same seed, and others for another', () => {
    expect(drawn(new Choices('5'))).toEqual(drawn(new Choices('5')));
    expect(drawn(new Choices('5'))).not.toEqual(drawn(new Choices('6')));
  });

  it('of a fork do not depend on what was drawn before', () => {
    const used = new Choices('5');
    drawn(used);
    expect(drawn(used.fork('client'))).toEqual(drawn(new Choices('5').fork('client')));
    expect(drawn(used.fork('client'))).not.toEqual(drawn(used.fork('nemesis')));
  });

  it('stay within their bounds and reach them', () => {
    const choices = new Choices('5');
    const numbers = new Set(Array.from({ length: 500 }, () => choices.between(2, 5)));
    expect([...numbers].sort()).toEqual([2, 3, 4, 5]);
    expect([...choices.shuffled([1, 2, 3])].sort()).toEqual([1, 2, 3]);
  });

  it('follow weights', () => {
    const choices = new Choices('5');
    const list = [
      { name: 'often', weight: 9 },
      { name: 'seldom', weight: 1 },
      { name: 'never', weight: 0 },
    ];
    const names = Array.from({ length: 1_000 }, () => choices.weighted(list).name);
    const often = names.filter((name) => name === 'often').length;
    expect(names).not.toContain('never');
    expect(often).toBeGreaterThan(850);
    expect(often).toBeLessThan(950);
  });
});
