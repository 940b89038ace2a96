import { isIP } from 'node:net';

/** A range of addresses: those whose first `bits` are the same. IPv4 addresses are counted as mapped ones. */
export interface IpRange {
  readonly bytes: Uint8Array;
  readonly bits: number;
}

const IPV6_BYTES = 16;
const MAPPED_PREFIX = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff];
const MAPPED_BITS = MAPPED_PREFIX.length * 8;

/**
 * The 16 bytes of an address in the notation of `net.isIP`, a zone left out; an IPv4 address becomes the mapped one
 * (RFC 4291 §2.5.5.2), so that both spellings are the same. Null for anything else.
 */
export function ipBytes(text: string): Uint8Array | null {
  const [address = ''] = text.split('%');
  const family = isIP(address);
  if (family === 4) return Uint8Array.from([...MAPPED_PREFIX, ...address.split('.').map(Number)]);
  if (family !== 6) return null;
  // The URL parser writes every spelling, dotted ends too, as hexadecimal groups with at most one gap.
  const [head = '', tail] = new URL(`http://[${address}]`).hostname.slice(1, -1).split('::');
  const before = groups(head);
  const after = groups(tail ?? '');
  const gap = new Array<number>(IPV6_BYTES / 2 - before.length - after.length).fill(0);
  return Uint8Array.from([...before, ...gap, ...after].flatMap((group) => [group >> 8, group & 0xff]));
}

/** An address, or one with the length of a prefix behind a slash, as a range. Null for anything else. */
export function parseIpRange(text: string): IpRange | null {
  const [address = '', length, ...rest] = text.split('/');
  const bytes = address.includes('%') ? null : ipBytes(address);
  if (bytes === null || rest.length > 0) return null;
  const widest = isIP(address) === 4 ? 32 : 128;
  const bits = length === undefined ? widest : /^\d{1,3}$/.test(length) ? Number(length) : Infinity;
  return bits > widest ? null : { bytes, bits: bits + 128 - widest };
}

/** True when the address lies within the range. */
export function isWithin(address: Uint8Array, { bytes, bits }: IpRange): boolean {
  const whole = bits >> 3;
  for (let at = 0; at < whole; at += 1) if (address[at] !== bytes[at]) return false;
  const mask = (0xff00 >> (bits & 7)) & 0xff;
  return whole === IPV6_BYTES || ((address[whole] ?? 0) & mask) === ((bytes[whole] ?? 0) & mask);
}

/** The IPv4 address that four bytes of an IPv6 address are. */
export function embeddedIpv4(address: Uint8Array, at: number): Uint8Array {
  return Uint8Array.from([...MAPPED_PREFIX, ...address.subarray(at, at + 4)]);
}

/** All mapped IPv4 addresses. */
export const MAPPED_IPV4: IpRange = {
  bytes: Uint8Array.from([...MAPPED_PREFIX, 0, 0, 0, 0]),
  bits: MAPPED_BITS,
};

function groups(text: string): number[] {
  return text === '' ? [] : text.split(':').map((group) => Number.parseInt(group, 16));
}
