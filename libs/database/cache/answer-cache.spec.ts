import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';

import { AnswerCache, FRESH_MS } from './answer-cache.js';

const ROOMY = 1_000_000;

describe('AnswerCache', () => {
  let cache: AnswerCache;

  beforeEach(() => {
    jest.useFakeTimers({ now: 0 });
    cache = new AnswerCache();
    cache.limit(ROOMY);
    cache.listening();
    cache.proven(performance.now());
  });
  afterEach(() => {
    jest.useRealTimers();
  });

  function keep(key: string, tags: string[], answer: unknown = `answer to ${key}`): void {
    cache.keep(key, answer, tags, cache.mark());
  }

  it('keeps an answer until something that it depends on changes, and no other', () => {
    keep('a', ['tenant t', 'source t 1']);
    keep('b', ['tenant t', 'source t 2']);
    cache.changed('source t 1');
    expect([cache.find('a'), cache.find('b')]).toEqual([undefined, 'answer to b']);
    cache.changed('tenant t');
    expect(cache.find('b')).toBeUndefined();
    expect(cache.counts()).toMatchObject({ entries: 0, bytes: 0 });
  });

  it('tells kinds of answers apart, whatever their questions', () => {
    for (const kind of ['one', 'other']) cache.keep('a', kind, ['tenant t'], cache.mark(), { kind });
    expect([cache.find('a', 'one'), cache.find('a', 'other'), cache.find('a')]).toEqual([
      'one',
      'other',
      undefined,
    ]);
    cache.changed('tenant t');
    expect([cache.find('a', 'one'), cache.find('a', 'other')]).toEqual([undefined, undefined]);
  });

  it('AN-03: does not keep what was being read while what it depends on changed', () => {
    const mark = cache.mark();
    cache.changed('source t 1');
    cache.changed('source t 2');
    cache.keep('a', 'before the change, or after it', ['source t 1'], mark);
    cache.keep('b', 'answer', ['source t 3'], mark);
    expect([cache.find('a'), cache.find('b')]).toEqual([undefined, 'answer']);
  });

  it('does not keep what was being read for longer than changes are remembered', () => {
    const mark = cache.mark();
    for (let number = 0; number <= 4_096; number += 1) cache.changed(`source t ${number}`);
    cache.keep('a', 'answer', ['source u 1'], mark);
    expect(cache.find('a')).toBeUndefined();
  });

  it('AN-03: answers nothing when nothing was proven for 750 ms, and again once something is', () => {
    keep('a', ['tenant t']);
    jest.advanceTimersByTime(FRESH_MS);
    expect(cache.find('a')).toBe('answer to a');
    jest.advanceTimersByTime(1);
    expect(cache.find('a')).toBeUndefined();
    cache.proven(performance.now());
    expect(cache.find('a')).toBe('answer to a');
  });

  it('CF-10: a proof counts from when it was sent, not from when it came back', () => {
    keep('a', ['tenant t']);
    const sentAtMs = performance.now();
    jest.advanceTimersByTime(FRESH_MS + 1);
    cache.proven(sentAtMs);
    expect(cache.find('a')).toBeUndefined();
  });

  it('AN-03: drops everything when nobody listens any more, keeps nothing meanwhile, nor what was read before', () => {
    keep('a', ['tenant t']);
    const mark = cache.mark();
    cache.lost();
    expect(cache.find('a')).toBeUndefined();
    keep('b', ['tenant t']);
    cache.listening();
    cache.proven(performance.now());
    cache.keep('c', 'read before it was listened', ['tenant t'], mark);
    expect(['a', 'b', 'c'].map((key) => cache.find(key))).toEqual([undefined, undefined, undefined]);
  });

  it('keeps an answer until its end at most, and none that is over', () => {
    const nowMs = performance.now();
    cache.keep('a', 'answer', ['tenant t'], cache.mark(), { untilMs: nowMs + 100 });
    cache.keep('over', 'answer', ['tenant t'], cache.mark(), { untilMs: nowMs });
    jest.advanceTimersByTime(99);
    expect([cache.find('a'), cache.find('over')]).toEqual(['answer', undefined]);
    jest.advanceTimersByTime(1);
    expect(cache.find('a')).toBeUndefined();
  });

  it('stays within its bytes: what has not been asked for goes first, and what is very large is not kept', () => {
    cache.limit(20_000);
    const text = 'x'.repeat(500);
    keep('asked', ['tenant t'], text);
    for (let number = 0; number < 100; number += 1) {
      keep(`n${number}`, ['tenant t'], text);
      keep(`n${number}`, ['tenant t'], text);
      cache.find('asked');
    }
    keep('large', ['tenant t'], 'x'.repeat(2_000));
    expect(cache.find('asked')).toBe(text);
    expect([cache.find('n0'), cache.find('large')]).toEqual([undefined, undefined]);
    expect(cache.find('n99')).toBe(text);
    expect(cache.counts().bytes).toBeLessThanOrEqual(20_000);
    expect(cache.counts().entries).toBeGreaterThan(10);
  });

  it('knows all answers about a thing, however many come and go', () => {
    const present = (): string[] => ['a', 'b', 'c'].filter((key) => cache.find(key) !== undefined);
    keep('a', ['source t 1']);
    keep('b', ['source t 1', 'source t 2']);
    keep('c', ['source t 2', 'source t 2']);
    cache.changed('source t 3');
    expect(present()).toEqual(['a', 'b', 'c']);
    keep('a', ['source t 3']);
    cache.changed('source t 1');
    expect(present()).toEqual(['a', 'c']);
    cache.changed('source t 2');
    expect(present()).toEqual(['a']);
    cache.changed('source t 3');
    expect(cache.counts()).toMatchObject({ entries: 0, bytes: 0 });
  });

  it('makes room for some more at a time, and keeps the rest full', () => {
    cache.limit(200_000);
    let least = Infinity;
    for (let number = 0; number < 2_000; number += 1) {
      keep(`key ${number}`, [`source t ${number}`]);
      keep(`key ${number}`, [`source t ${number}`]);
      const { bytes } = cache.counts();
      expect(bytes).toBeLessThanOrEqual(200_000);
      if (number > 1_000) least = Math.min(least, bytes);
    }
    expect(least).toBeGreaterThan(195_000);
  });

  it('once it is full, lets in only what is asked for again, so that who goes through everything drives nothing out', () => {
    cache.limit(200_000);
    const present = (name: string): boolean => cache.find(name) !== undefined;
    for (let number = 0; number < 400; number += 1) keep(`kept ${number}`, ['tenant t']);
    const { entries } = cache.counts();
    expect(present('kept 0')).toBe(true);
    for (let number = 0; number < 2_000; number += 1) keep(`passing ${number}`, ['tenant t']);
    expect(cache.counts().entries).toBeGreaterThan(entries * 0.9);
    expect(present('kept 0') && present('kept 1')).toBe(true);
    keep('again', ['tenant t']);
    keep('again', ['tenant t']);
    expect(present('again')).toBe(true);
  });

  it('takes the new answer to what it has one to, full or not', () => {
    cache.limit(200_000);
    for (let number = 0; number < 400; number += 1) keep(`kept ${number}`, ['tenant t']);
    keep('kept 7', ['tenant t'], 'another');
    expect(cache.find('kept 7')).toBe('another');
  });

  it('counts what it takes once when an answer takes the place of another', () => {
    keep('a', ['tenant t']);
    const { bytes } = cache.counts();
    keep('a', ['tenant t']);
    expect(cache.counts()).toMatchObject({ entries: 1, bytes });
  });
});
