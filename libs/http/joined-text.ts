/**
 * Texts one behind the other, in UTF-8. A large text that others are added to is copied as a whole when it is sent, once to
 * learn its length and once more behind its headers, and those copies are the memory that an answer takes.
 */
export function joinedText(...texts: readonly string[]): Buffer {
  const lengths = texts.map((text) => Buffer.byteLength(text));
  const joined = Buffer.allocUnsafe(lengths.reduce((sum, length) => sum + length, 0));
  let at = 0;
  for (const text of texts) at += joined.write(text, at);
  return joined;
}
