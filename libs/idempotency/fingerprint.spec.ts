import { describe, expect, it } from '@jest/globals';
import { array, assert, jsonValue, property, tuple, dictionary, string } from 'fast-check';
import { fingerprintOf } from './fingerprint.js';

const same = (one: unknown, other: unknown): boolean => fingerprintOf(one).equals(fingerprintOf(other));

/** The same value with the members of every object in the opposite order. */
function turned(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(turned);
  if (typeof value !== 'object' || value === null) return value;
  const members = Object.entries(value).map(([name, inner]) => [name, turned(inner)] as const);
  return Object.fromEntries(members.reverse());
}

/** As JSON has them: two values are the same if their texts are, whatever the order of members. */
function text(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(text).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const names = Object.keys(value).sort();
  return `{${names.map((name) => `${JSON.stringify(name)}:${text((value as never)[name])}`).join(',')}}`;
}

describe('fingerprintOf', () => {
  it('is the same whatever the order of members, at any depth', () => {
    assert(property(jsonValue(), (value) => expect(same(value, turned(value))).toBe(true)));
    const names = ['10', '9', 'a', '', '__proto__', 'é'];
    const forth = JSON.parse(`{${names.map((name) => `${JSON.stringify(name)}:1`).join(',')}}`) as object;
    const back = JSON.parse(
      `{${names
        .reverse()
        .map((name) => `${JSON.stringify(name)}:1`)
        .join(',')}}`,
    ) as object;
    expect(same(forth, back)).toBe(true);
  });

  it('differs where the values differ', () => {
    const values = tuple(jsonValue(), jsonValue());
    assert(property(values, ([one, other]) => expect(same(one, other)).toBe(text(one) === text(other))));
    const pairs = array(dictionary(string(), jsonValue()), { minLength: 2, maxLength: 2 });
    assert(property(pairs, ([one, other]) => expect(same(one, other)).toBe(text(one) === text(other))));
  });

  it.each([
    [[], {}],
    [
      ['a', 'b'],
      ['b', 'a'],
    ],
    [{ a: 1 }, { a: '1' }],
    [{ a: null }, {}],
    [{ a: { b: 1 } }, { a: [['b', 1]] }],
    [{ a: 1 }, { members: [['a', 1]] }],
    [[['a', 1]], { a: 1 }],
    [null, ''],
    [0, false],
    [{ __proto__: null, a: 1 }, { a: 2 }],
  ])('tells %j from %j', (one, other) => {
    expect(same(one, other)).toBe(false);
  });

  it('takes a member that is undefined for one that is absent', () => {
    expect(same({ a: 1, b: undefined }, { a: 1 })).toBe(true);
  });
});
