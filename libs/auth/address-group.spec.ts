import { describe, expect, it } from '@jest/globals';

import { addressGroup } from './address-group.js';

describe('addressGroup', () => {
  it.each([
    ['192.0.2.7', '192.0.2.7'],
    ['::ffff:192.0.2.7', '192.0.2.7'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
    ['2001:0DB8:0001:0002::', '2001:db8:1:2::/64'],
    ['2001:db8:1:2::1', '2001:db8:1:2::/64'],
    ['2001:db8::1', '2001:db8:0:0::/64'],
    ['::1', '0:0:0:0::/64'],
    ['::', '0:0:0:0::/64'],
    ['1::2:3:4:5:6:7', '1:0:2:3::/64'],
    ['64:ff9b::192.0.2.7', '64:ff9b:0:0::/64'],
    ['fe80::1%eth0', 'fe80:0:0:0::/64'],
  ])('AN-11: takes %s for one of %s', (address, group) => {
    expect(addressGroup(address)).toBe(group);
  });

  it('AN-11: gives no group of their own to those who write what is no address', () => {
    for (const text of ['', 'unknown', '1.2.3', '1.2.3.4.5', 'a'.repeat(500), ':::', '2001:db8::1::2'])
      expect(addressGroup(text)).toBe('unknown');
  });
});
