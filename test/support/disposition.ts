/** A Content-Disposition field as a client would read it. */
export interface ParsedDisposition {
  readonly type: string;
  /** The plain `filename`, unescaped. */
  readonly filename: string | undefined;
  /** What a client uses: `filename*` where it is there, else `filename` (RFC 6266 §4.3). */
  readonly best: string;
}

const TOKEN = /[!#$%&'*+.^_`|~0-9A-Za-z-]+/y;
const QUOTED = /"((?:[^"\\]|\\.)*)"/y;

/**
 * A parser of its own, by RFC 6266 §4.1 and RFC 8187 §3.2, that shares nothing with the library that makes the field.
 * Throws on anything that is not in the grammar.
 */
export function parseDisposition(field: string): ParsedDisposition {
  let at = 0;
  const take = (pattern: RegExp): RegExpExecArray => {
    pattern.lastIndex = at;
    const match = pattern.exec(field);
    if (match === null) throw new Error(`Not in the grammar at ${at}: ${field}`);
    at = pattern.lastIndex;
    return match;
  };
  const type = take(TOKEN)[0].toLowerCase();
  const parameters = new Map<string, string>();
  while (at < field.length) {
    take(/[ \t]*;[ \t]*/y);
    const name = take(TOKEN)[0].toLowerCase();
    take(/=/y);
    const value = field[at] === '"' ? (take(QUOTED)[1] ?? '').replace(/\\(.)/g, '$1') : take(TOKEN)[0];
    if (parameters.has(name)) throw new Error(`Twice: ${name}`);
    parameters.set(name, value);
  }
  const extended = parameters.get('filename*');
  const filename = parameters.get('filename');
  return { type, filename, best: extended === undefined ? (filename ?? '') : decode(extended) };
}

function decode(value: string): string {
  const match = /^UTF-8'[A-Za-z0-9-]*'((?:%[0-9A-Fa-f]{2}|[!#$&+.^_`|~0-9A-Za-z-])*)$/i.exec(value);
  if (match === null) throw new Error(`Not an extended value: ${value}`);
  return decodeURIComponent(match[1] ?? '');
}
