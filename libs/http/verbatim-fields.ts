/** Names of a class's verbatim fields, by its prototype. */
const NAMES = new WeakMap<object, Set<string>>();

/**
 * Property decorator for a caller's own JSON object, which has to come through as it was given. The libraries behind a
 * DTO copy objects member by member: they drop members called `constructor` or `prototype`, or take them for a class.
 */
export function markVerbatim(target: object, name: string | symbol): void {
  const names = NAMES.get(target) ?? new Set();
  NAMES.set(target, names.add(String(name)));
}

/** The JSON objects in a body's verbatim fields, to be put back once the rest has been copied and checked. */
export function verbatimFields(metatype: unknown, body: object): Record<string, object> {
  const names = typeof metatype === 'function' ? NAMES.get(metatype.prototype as object) : undefined;
  const members = Object.entries(body as Record<string, object>);
  return Object.fromEntries(members.filter(([name, value]) => names?.has(name) === true && isObject(value)));
}

function isObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
