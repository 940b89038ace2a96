import { describe, expect, it } from '@jest/globals';
import { array, assert, integer, ipV4, ipV6, oneof, property, tuple } from 'fast-check';
import { isAddressRange, isRangeWithin, isWithin } from './address-range.js';

const v4Range = () => tuple(ipV4(), integer({ min: 0, max: 32 })).map(([ip, bits]) => `${ip}/${bits}`);
const v6Range = () => tuple(ipV6(), integer({ min: 0, max: 128 })).map(([ip, bits]) => `${ip}/${bits}`);
const range = () => oneof(v4Range(), v6Range(), ipV4(), ipV6());

describe('isAddressRange', () => {
  it('takes every address and every range of both versions', () => {
    assert(property(range(), isAddressRange));
  });

  it.each([
    '',
    '/',
    '/8',
    '10.0.0.0/',
    '10.0.0.0/33',
    '10.0.0.0/-1',
    '10.0.0.0/8.5',
    '10.0.0.0/8/8',
    '10.0.0.0/0x8',
    '10.0.0.0/ 8',
    ' 10.0.0.0/8',
    '10.0.0.0/255.0.0.0',
    '10.0.0',
    '10.0.0.256',
    '010.0.0.1',
    '0x0a.0.0.1',
    '167772161',
    '10.0.0.1:80',
    '[::1]',
    '::1/129',
    ':::1',
    'fe80::1%eth0',
    'fe80::1%eth0/64',
    'localhost',
    '*',
    'any',
  ])('refuses %p', (text) => {
    expect(isAddressRange(text)).toBe(false);
  });
});

describe('isWithin', () => {
  it.each([
    ['10.1.2.3', '10.0.0.0/8', true],
    ['11.1.2.3', '10.0.0.0/8', false],
    ['10.1.2.3', '10.255.255.255/8', true],
    ['10.1.2.3', '10.1.2.3', true],
    ['10.1.2.4', '10.1.2.3', false],
    ['10.1.2.4', '10.1.2.3/32', false],
    ['255.255.255.255', '0.0.0.0/0', true],
    ['2001:db8::1', '2001:db8::/32', true],
    ['2001:db9::1', '2001:db8::/32', false],
    ['2001:DB8:0:0:0:0:0:1', '2001:db8::1', true],
    ['::1', '::1', true],
    ['::2', '::1', false],
  ])('says of %s in %s: %p', (address, within, expected) => {
    expect(isWithin(address, [within])).toBe(expected);
  });

  it('takes a version 4 address written as a version 6 one for itself', () => {
    expect(isWithin('::ffff:10.1.2.3', ['10.0.0.0/8'])).toBe(true);
    expect(isWithin('::FFFF:10.1.2.3', ['10.0.0.0/8'])).toBe(true);
    expect(isWithin('::ffff:0a01:0203', ['10.0.0.0/8'])).toBe(true);
    expect(isWithin('::ffff:11.1.2.3', ['10.0.0.0/8'])).toBe(false);
    expect(isWithin('10.1.2.3', ['::ffff:10.0.0.0/104'])).toBe(true);
  });

  it('does not let a version 4 address in by a version 6 range that is about others', () => {
    expect(isWithin('10.1.2.3', ['2001:db8::/32'])).toBe(false);
    expect(isWithin('1.2.3.4', ['::/96'])).toBe(false);
  });

  it('looks past the zone of a link-local address', () => {
    expect(isWithin('fe80::1%eth0', ['fe80::/10'])).toBe(true);
    expect(isWithin('fe80::1%eth0', ['2001:db8::/32'])).toBe(false);
  });

  it('lets nobody in by an empty list, nor one that has no address', () => {
    expect(isWithin('10.1.2.3', [])).toBe(false);
    for (const address of ['', 'unknown', 'localhost', '10.0.0', '10.1.2.3, 10.0.0.1'])
      expect(isWithin(address, ['0.0.0.0/0', '::/0'])).toBe(false);
  });

  it('is satisfied by any one of several ranges, and every address by its own', () => {
    expect(isWithin('10.1.2.3', ['192.0.2.0/24', '10.1.0.0/16'])).toBe(true);
    assert(property(oneof(ipV4(), ipV6()), (address) => isWithin(address, [address])));
  });
});

describe('isRangeWithin', () => {
  it.each([
    ['10.1.0.0/16', ['10.0.0.0/8'], true],
    ['10.0.0.0/8', ['10.1.0.0/16'], false],
    ['10.0.0.0/8', ['10.0.0.0/8'], true],
    ['10.0.0.0/8', ['10.0.0.0/9', '10.128.0.0/9'], false],
    ['10.1.2.3', ['10.0.0.0/8'], true],
    ['11.1.2.3', ['10.0.0.0/8'], false],
    ['0.0.0.0/0', ['::/0'], false],
    ['::/0', ['0.0.0.0/0'], false],
    ['2001:db8:1::/48', ['192.0.2.0/24', '2001:db8::/32'], true],
    ['::ffff:10.0.0.0/104', ['10.0.0.0/8'], false],
    ['10.0.0.0/8', [], false],
    ['nonsense', ['0.0.0.0/0', '::/0'], false],
    ['10.0.0.0/8', ['nonsense'], false],
  ])('says of %s in %j: %p', (inner, outer, expected) => {
    expect(isRangeWithin(inner, outer)).toBe(expected);
  });

  it('AN-05: never calls a range contained that lets an address in which the outer ones keep out', () => {
    assert(
      property(range(), array(range(), { maxLength: 4 }), oneof(ipV4(), ipV6()), (inner, outer, address) => {
        if (isRangeWithin(inner, outer) && isWithin(address, [inner]))
          expect(isWithin(address, outer)).toBe(true);
      }),
    );
    // Ranges with common beginnings, which meet more often than ones drawn at random.
    const narrow = tuple(integer({ min: 0, max: 3 }), integer({ min: 0, max: 32 })).map(
      ([part, bits]) => `10.${part}.0.0/${bits}`,
    );
    const near = tuple(integer({ min: 0, max: 3 }), integer({ min: 0, max: 255 })).map(
      ([a, b]) => `10.${a}.${b}.1`,
    );
    assert(
      property(narrow, array(narrow, { maxLength: 3 }), near, (inner, outer, address) => {
        if (isRangeWithin(inner, outer) && isWithin(address, [inner]))
          expect(isWithin(address, outer)).toBe(true);
      }),
      { numRuns: 500 },
    );
  });
});
