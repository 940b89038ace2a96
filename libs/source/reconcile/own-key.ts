import { isUuid } from '#kernel';

/**
 * True for a key that the gateway could have made for an object of the tenant: its key, a slash and a UUID. Whatever else
 * lies below the tenant's prefix is somebody else's, and nobody's business here.
 */
export function isOwnKey(tenantKey: string, key: string): boolean {
  const name = key.slice(tenantKey.length + 1);
  return key === `${tenantKey}/${name}` && isUuid(name) && name === name.toLowerCase();
}
