import { BufferPool } from '#kernel';

import type { GatewayReply } from './gateway-request.js';

const PAGE_BYTES = 64 * 1024;
const PAGES = new BufferPool({ bytes: PAGE_BYTES, leastBytes: PAGE_BYTES / 8, mostFree: 32 });

/**
 * Texts one behind the other, in UTF-8. A large text that others are added to is copied as a whole when it is sent, once to
 * learn its length and once more behind its headers, and those copies are the memory that an answer takes.
 */
export function joinedText(...texts: readonly string[]): Buffer {
  const lengths = texts.map((text) => Buffer.byteLength(text));
  const length = lengths.reduce((sum, one) => sum + one, 0);
  const joined = length <= PAGE_BYTES ? PAGES.take(length) : Buffer.allocUnsafe(length);
  let at = 0;
  for (const text of texts) at += joined.write(text, at);
  return joined;
}

/** Has the memory of a joined text used again once the answer that it is has been taken by the system. */
export function reuseOnceSent({ raw }: GatewayReply, joined: Buffer): void {
  raw.once('finish', () => PAGES.giveBack(joined));
}
