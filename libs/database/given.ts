/**
 * Throws TypeError, naming the first of `values` that is undefined, or is a list that holds undefined. Where a filter
 * may be left open its type says null: undefined is a value that got lost, and it would be sent as NULL, or left out,
 * either of which most statements read as "any".
 */
export function assertGiven(values: Readonly<Record<string, unknown>> | readonly unknown[]): void {
  if (Array.isArray(values)) {
    for (let index = 0; index < values.length; index += 1) if (isLost(values[index])) throw lacks(index);
    return;
  }
  const named = values as Readonly<Record<string, unknown>>;
  // Every statement is asked this: a loop makes nothing of its own.
  for (const name in named) if (isLost(named[name])) throw lacks(name);
}

/** Throws TypeError, naming the first of `ids` that is not a text of at least one character. */
export function assertNamed(ids: Readonly<Record<string, unknown>>): void {
  const lost = Object.entries(ids).find(([, id]) => typeof id !== 'string' || id === '');
  if (lost !== undefined) throw new TypeError(`A row needs an id: ${lost[0]}.`);
}

function lacks(name: string | number): TypeError {
  return new TypeError(`A statement lacks a value: ${name}.`);
}

function isLost(value: unknown): boolean {
  return value === undefined || (Array.isArray(value) && value.includes(undefined));
}
