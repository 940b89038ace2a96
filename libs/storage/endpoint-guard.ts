import { CodedError } from '#kernel';
import { isIP } from 'node:net';

import { ipBytes, isWithin, parseIpRange, type IpRange } from './ip-ranges.js';
import { isGloballyRoutable } from './routable.js';
import { StorageErrors } from './storage.errors.js';

/**
 * Decides where connections to storages may lead, so that whoever names an endpoint cannot make the gateway talk to what
 * only the gateway can reach. Addresses that are not globally routable are refused, unless the operator has named them.
 * Every refusal is `storage_endpoint_refused`; its message names neither host nor address.
 */
export class EndpointGuard {
  readonly #ranges: IpRange[] = [];
  readonly #hosts = new Set<string>();
  #anywhere = false;

  /**
   * `allowed`: addresses and CIDR ranges, and names of hosts, that may be reached although they are not globally
   * routable. A name stands for itself alone (no sub-domains) and for whatever it resolves to.
   */
  constructor(allowed: readonly string[] = []) {
    for (const entry of allowed) {
      const range = parseIpRange(entry);
      if (range === null) this.#hosts.add(plainHost(entry));
      else this.#ranges.push(range);
    }
  }

  /** For places that the operator has named: all addresses are allowed. */
  static unrestricted(): EndpointGuard {
    const guard = new EndpointGuard();
    guard.#anywhere = true;
    return guard;
  }

  /**
   * Takes the URL of an endpoint: http or https, without user and password, and if its host is an address, in whichever
   * spelling (`0x7f.1`, `2130706433`, `[::ffff:127.0.0.1]`), one that may be reached. A name is not looked up: what it
   * resolves to is checked when it is dialled.
   */
  parseEndpoint(text: string): URL {
    const url = URL.canParse(text) ? new URL(text) : null;
    if (url === null || !/^https?:$/.test(url.protocol) || url.username !== '' || url.password !== '')
      throw refused('The endpoint is not an http or https URL.');
    this.checkLiteral(url.hostname);
    return url;
  }

  /** Refuses a host that is an address which may not be reached. Names pass: see {@link checkResolved}. */
  checkLiteral(host: string): void {
    const address = host.replace(/^\[|\]$/g, '');
    if (isIP(address.split('%')[0] ?? '') !== 0) this.checkResolved(host, [address]);
  }

  /**
   * Refuses a host when one of the addresses that it resolves to may not be reached: a name that leads to both kinds
   * is somebody's trick, and which of them would be dialled is chance.
   */
  checkResolved(host: string, addresses: readonly string[]): void {
    if (this.#anywhere || this.#hosts.has(plainHost(host))) return;
    if (!addresses.every((address) => this.#isReachable(address)))
      throw refused('The endpoint leads to an address that is not allowed.');
  }

  #isReachable(address: string): boolean {
    const bytes = ipBytes(address);
    if (bytes === null) return false;
    return this.#ranges.some((range) => isWithin(bytes, range)) || isGloballyRoutable(address);
  }
}

/** Names of hosts are equal whatever their case, and with or without the dot of the root. */
function plainHost(host: string): string {
  return host.toLowerCase().replace(/\.$/, '');
}

function refused(message: string): CodedError {
  return new CodedError(StorageErrors.endpointRefused, message);
}
