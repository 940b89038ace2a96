import { BlockList, isIP } from 'node:net';

const MAPPED = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i;

interface Range {
  readonly address: string;
  readonly bits: number;
  readonly family: 'ipv4' | 'ipv6';
}

/** True for an IP address or a CIDR range, version 4 or 6. */
export function isAddressRange(text: string): boolean {
  return parse(text) !== null;
}

/** True for an IP address, version 4 or 6, without a zone. */
export function isAddress(text: string): boolean {
  return !text.includes('/') && parse(text) !== null;
}

/** True when the address lies in one of the ranges. A version 4 address written as a version 6 one counts as itself. */
export function isWithin(address: string, ranges: readonly string[]): boolean {
  const plain = MAPPED.exec(address)?.[1] ?? address;
  const family = familyOf(plain);
  if (family === null) return false;
  return blockList(ranges).check(plain, family);
}

/** True when every address of `inner` is in `outer`. */
export function isRangeWithin(inner: string, outer: readonly string[]): boolean {
  const range = parse(inner);
  if (range === null) return false;
  return outer.some((candidate) => {
    const wider = parse(candidate);
    return (
      wider !== null &&
      wider.family === range.family &&
      wider.bits <= range.bits &&
      blockList([candidate]).check(range.address, range.family)
    );
  });
}

function blockList(ranges: readonly string[]): BlockList {
  const list = new BlockList();
  for (const text of ranges) {
    const range = parse(text);
    if (range !== null) list.addSubnet(range.address, range.bits, range.family);
  }
  return list;
}

function parse(text: string): Range | null {
  const [address = '', bits, ...rest] = text.split('/');
  const family = familyOf(address);
  // A zone (RFC 4007 §11) means something on one machine only.
  if (family === null || address.includes('%') || rest.length > 0) return null;
  const most = family === 'ipv4' ? 32 : 128;
  if (bits === undefined) return { address, bits: most, family };
  if (!/^\d{1,3}$/.test(bits) || Number(bits) > most) return null;
  return { address, bits: Number(bits), family };
}

function familyOf(address: string): 'ipv4' | 'ipv6' | null {
  const version = isIP(address);
  if (version === 4) return 'ipv4';
  return version === 6 ? 'ipv6' : null;
}
