/** Request header fields under lower-case names, as Node's HTTP parser hands them out. */
export type RequestHeaders = Readonly<Record<string, string | readonly string[] | undefined>>;

/**
 * The combined value of one field: several lines become one list (RFC 9110 §5.3). Undefined when the field was
 * not sent. `name` is lower-case; a name such as `constructor` finds nothing but a real field.
 */
export function fieldValue(headers: RequestHeaders, name: string): string | undefined {
  const value = Object.hasOwn(headers, name) ? headers[name] : undefined;
  return typeof value === 'string' || value === undefined ? value : value.join(', ');
}

/** `text` without optional whitespace around it (RFC 9110 §5.6.3). A loop: `[ \t]+$` is quadratic on long runs. */
export function trimOws(text: string): string {
  let start = 0;
  let end = text.length;
  while (start < end && isOws(text.charCodeAt(start))) start++;
  while (end > start && isOws(text.charCodeAt(end - 1))) end--;
  return text.slice(start, end);
}

function isOws(code: number): boolean {
  return code === 0x20 || code === 0x09;
}
