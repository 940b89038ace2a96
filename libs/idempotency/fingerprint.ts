import { createHash } from 'node:crypto';

/**
 * SHA-256 of a JSON value, whatever the order of its members: two requests with one fingerprint ask for the same. A
 * member that is undefined is as good as absent.
 */
export function fingerprintOf(value: unknown): Buffer {
  return createHash('sha256')
    .update(JSON.stringify(sorted(value) ?? null))
    .digest();
}

/** Depth is bounded where bodies are read. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  const given = Object.entries(value).filter(([, inner]) => inner !== undefined);
  // Pairs and not an object again: names that look like integers would come first, whatever the order.
  const members = given.sort(([one], [other]) => (one < other ? -1 : 1));
  return { members: members.map(([name, inner]) => [name, sorted(inner)]) };
}
