import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { DataSource } from 'typeorm';

import { forgetRecent, RECENT_MS, RecentAnswers } from './recent-answers.js';

describe('RecentAnswers', () => {
  /** Only its identity counts. */
  let pool: DataSource;
  let recent: RecentAnswers<string | null>;

  beforeEach(() => {
    jest.useFakeTimers({ now: 0 });
    pool = {} as DataSource;
    recent = new RecentAnswers(pool);
  });
  afterEach(() => {
    jest.useRealTimers();
  });

  it('keeps an answer for half a second from the beginning of its reading on', async () => {
    await recent.read('q', async () => {
      jest.advanceTimersByTime(100);
      return 'answer';
    });
    jest.advanceTimersByTime(RECENT_MS - 101);
    expect(recent.find('q')).toBe('answer');
    jest.advanceTimersByTime(1);
    expect(recent.find('q')).toBeUndefined();
  });

  it('forgets everything when something was changed, and nothing when another database was', async () => {
    await recent.read('q', async () => 'answer');
    forgetRecent({} as DataSource);
    expect(recent.find('q')).toBe('answer');
    forgetRecent(pool);
    expect(recent.find('q')).toBeUndefined();
  });

  it('AN-03: does not keep what was being read while something was changed', async () => {
    const answer = await recent.read('q', async () => {
      forgetRecent(pool);
      return 'before the change, or after it';
    });
    expect(answer).toBe('before the change, or after it');
    expect(recent.find('q')).toBeUndefined();
  });

  it('keeps neither that there is nothing nor a failure', async () => {
    await recent.read('absent', async () => null);
    await expect(recent.read('q', () => Promise.reject(new Error('down')))).rejects.toThrow('down');
    expect([recent.find('absent'), recent.find('q')]).toEqual([undefined, undefined]);
  });

  it('keeps 10,000 answers at most, the latest', async () => {
    for (let number = 0; number <= 10_000; number += 1) await recent.read(`q${number}`, async () => 'answer');
    expect(['q0', 'q1', 'q10000'].map((question) => recent.find(question))).toEqual([
      undefined,
      'answer',
      'answer',
    ]);
  });
});
