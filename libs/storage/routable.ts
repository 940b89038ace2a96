import { embeddedIpv4, ipBytes, isWithin, type IpRange, MAPPED_IPV4, parseIpRange } from './ip-ranges.js';

/**
 * Addresses that are not globally reachable by the IANA registries of special-purpose addresses (RFC 6890), with those
 * of multicast, and one public address that is a cloud's own inside: 168.63.129.16 is Azure's host agent.
 */
const NOT_GLOBAL = ranges(
  '0.0.0.0/8', // this network
  '10.0.0.0/8', // private, RFC 1918
  '100.64.0.0/10', // shared behind a carrier's NAT, RFC 6598; the metadata service of Alibaba Cloud
  '127.0.0.0/8', // loopback
  '168.63.129.16/32',
  '169.254.0.0/16', // link-local, RFC 3927; the metadata services of most clouds
  '172.16.0.0/12', // private
  '192.0.0.0/24', // protocol assignments, RFC 6890; the metadata service of Oracle's cloud
  '192.0.2.0/24', // documentation, RFC 5737
  '192.88.99.0/24', // 6to4 relays, withdrawn by RFC 7526
  '192.168.0.0/16', // private
  '198.18.0.0/15', // benchmarks, RFC 2544
  '198.51.100.0/24', // documentation
  '203.0.113.0/24', // documentation
  '224.0.0.0/4', // multicast
  '240.0.0.0/4', // reserved, and the broadcast address
  '2001::/23', // protocol assignments: Teredo (which carries IPv4), ORCHID, benchmarks
  '2001:db8::/32', // documentation
  '3fff::/20', // documentation, RFC 9637
);

/** The only unicast addresses that are handed out (RFC 4291 §2.4): loopback, local and multicast ones lie outside. */
const GLOBAL_UNICAST = ranges('2000::/3');
/** Translated to the IPv4 address in the last four bytes, RFC 6052. */
const NAT64 = ranges('64:ff9b::/96');
/** Tunnelled to the IPv4 address in bytes 2 to 5, RFC 3056. */
const SIX_TO_FOUR = ranges('2002::/16');

/** True when an address (the notation of `net.isIP`) leads out into the internet and nowhere else. */
export function isGloballyRoutable(address: string): boolean {
  const bytes = ipBytes(address);
  return bytes !== null && isGlobal(bytes);
}

function isGlobal(bytes: Uint8Array): boolean {
  if (liesIn(bytes, NOT_GLOBAL)) return false;
  if (isWithin(bytes, MAPPED_IPV4)) return true;
  if (liesIn(bytes, NAT64)) return isGlobal(embeddedIpv4(bytes, 12));
  if (liesIn(bytes, SIX_TO_FOUR)) return isGlobal(embeddedIpv4(bytes, 2));
  return liesIn(bytes, GLOBAL_UNICAST);
}

function liesIn(bytes: Uint8Array, all: readonly IpRange[]): boolean {
  return all.some((range) => isWithin(bytes, range));
}

function ranges(...texts: string[]): IpRange[] {
  return texts.map((text) => {
    const range = parseIpRange(text);
    if (range === null) throw new TypeError(`${text} is not a range of addresses`);
    return range;
  });
}
