import { expect, it } from '@jest/globals';

import { momentText } from './moment-text.js';

it('says every moment as it is, whichever was said before', () => {
  const moments = [0, 0, 1, 1_764_500_000_123, 1_764_500_000_123, -1, 0].map((ms) => new Date(ms));
  expect(moments.map(momentText)).toEqual(moments.map((moment) => moment.toISOString()));
});

it('refuses what is no moment', () => {
  expect(() => momentText(new Date(NaN))).toThrow(RangeError);
});
