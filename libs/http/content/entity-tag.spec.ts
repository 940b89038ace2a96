import { describe, expect, it } from '@jest/globals';
import { matchesStrongly, matchesWeakly, parseEntityTags } from './entity-tag.js';

const strong = (opaque: string) => ({ weak: false, opaque });
const weak = (opaque: string) => ({ weak: true, opaque });

describe('parseEntityTags', () => {
  it.each([
    ['"a"', [strong('"a"')]],
    ['W/"a"', [weak('"a"')]],
    ['""', [strong('""')]],
    ['"a", W/"b" ,\t"c"', [strong('"a"'), weak('"b"'), strong('"c"')]],
    ['"a,b", "c"', [strong('"a,b"'), strong('"c"')]],
    [',, "a",,"b",', [strong('"a"'), strong('"b"')]],
    ['"\xe9\\"', [strong('"\xe9\\"')]],
  ])('DL-08: reads the list %j', (value, tags) => {
    expect(parseEntityTags(value)).toEqual(tags);
  });

  it('DL-08: an asterisk stands alone', () => {
    expect(parseEntityTags(' * ')).toBe('*');
  });

  it.each([
    '',
    ',',
    'a',
    "'a'",
    'w/"a"',
    'W/a',
    '"a',
    'a"',
    '"a" "b"',
    '"a b"',
    '*, "a"',
    '"a", *',
    '"a\u0000"',
  ])('DL-08: %j is malformed', (value) => {
    expect(parseEntityTags(value)).toBeNull();
  });

  it('IV-12: 100 kB of commas, blanks or open quotes costs linear time', () => {
    const started = performance.now();
    for (const filler of [',', ' ', ', ', '"', 'W/']) parseEntityTags(`"a"${filler.repeat(50_000)}x`);
    expect(performance.now() - started).toBeLessThan(500);
  });
});

describe('comparison of entity tags', () => {
  it.each([
    [weak('"1"'), '"1"', false, true],
    [strong('"1"'), '"1"', true, true],
    [weak('"1"'), '"2"', false, false],
    [strong('"1"'), '"2"', false, false],
  ])('DL-08: %j against %s (RFC 9110 §8.8.3.2)', (tag, current, strongly, weakly) => {
    expect(matchesStrongly(tag, current)).toBe(strongly);
    expect(matchesWeakly(tag, current)).toBe(weakly);
  });
});
