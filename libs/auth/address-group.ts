import { isIP } from 'node:net';

import { plainAddress } from './address-range.js';

/** Bits of a network that one customer gets: RFC 6177 §2. Groups of 16 bits. */
const NETWORK_GROUPS = 4;
const GROUPS = 8;

/**
 * What addresses that are most probably one caller's have in common: a version 4 address itself, of a version 6 one its
 * /64, within which everybody may take as many as they like. What is no address at all is one group.
 */
export function addressGroup(address: string): string {
  const [plain = ''] = plainAddress(address).split('%', 1);
  switch (isIP(plain)) {
    case 4:
      return plain;
    case 6:
      return `${groupsOf(plain).slice(0, NETWORK_GROUPS).join(':')}::/64`;
    default:
      return 'unknown';
  }
}

/** The groups of a version 6 address, without leading zeros. An address of version 4 at the end counts as two. */
function groupsOf(address: string): string[] {
  const [head = '', tail = ''] = address.split('::');
  const [before, after] = [head, tail].map((part) => (part === '' ? [] : part.split(':'))) as [
    string[],
    string[],
  ];
  const embedded = address.includes('.') ? 1 : 0;
  const missing = GROUPS - before.length - after.length - embedded;
  const zeros = Array.from({ length: Math.max(missing, 0) }, () => '0');
  return [...before, ...zeros, ...after].map((group) => Number.parseInt(group, 16).toString(16));
}
