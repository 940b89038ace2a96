/** Printable ASCII but for the quote and the backslash. */
const PLAIN = /^[\x20\x21\x23-\x5b\x5d-\x7e]*$/;

/** Whether JSON says a text as it is, between quotes; nearly all texts are so. */
export function isPlainJsonText(text: string): boolean {
  return PLAIN.test(text);
}

/** A text as JSON. */
export function jsonText(text: string): string {
  return isPlainJsonText(text) ? `"${text}"` : JSON.stringify(text);
}
