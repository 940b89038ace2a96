import { describe, expect, it } from '@jest/globals';
import { assertGiven, assertNamed } from './given.js';

describe('assertGiven', () => {
  it.each([[['a', null, 0, '', false, Buffer.alloc(0), []]], [{ a: null, b: '' }], [[]], [{}]])(
    'takes %p',
    (values) => expect(() => assertGiven(values)).not.toThrow(),
  );

  it.each([
    [['a', undefined], '1'],
    [new Array<unknown>(1), '0'],
    [['a', ['b', undefined]], '1'],
    [{ reach: null, limit: undefined }, 'limit'],
    [{ ids: [undefined] }, 'ids'],
  ])('AZ-12: refuses %p, and says which value it is', (values, name) => {
    expect(() => assertGiven(values)).toThrow(new TypeError(`A statement lacks a value: ${name}.`));
  });
});

describe('assertNamed', () => {
  it('takes texts', () => expect(() => assertNamed({ tenantId: 'acme', key: '0' })).not.toThrow());

  it.each(['', undefined, null, 0, {}, ['acme']])('AZ-12: refuses %p for an id', (id) => {
    expect(() => assertNamed({ tenantId: 'acme', key: id })).toThrow(
      new TypeError('A row needs an id: key.'),
    );
  });
});
