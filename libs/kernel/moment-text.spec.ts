import { expect, it } from '@jest/globals';

import { momentText, SecondDates } from './moment-text.js';

it('says every moment as it is, whichever was said before', () => {
  const moments = [0, 0, 1, 1_764_500_000_123, 1_764_500_000_123, -1, 0].map((ms) => new Date(ms));
  expect(moments.map(momentText)).toEqual(moments.map((moment) => moment.toISOString()));
});

it('refuses what is no moment', () => {
  expect(() => momentText(new Date(NaN))).toThrow(RangeError);
});

it('makes dates of seconds, one for those that follow each other', () => {
  const dates = new SecondDates();
  const made = [5, 5, 6, 5].map((seconds) => dates.at(seconds));
  expect(made.map((date) => date.getTime())).toEqual([5_000, 5_000, 6_000, 5_000]);
  expect(made[1]).toBe(made[0]);
});
