import { create, encodeExtended } from 'content-disposition';

/** How a browser is asked to treat the content. */
export type Disposition = 'attachment' | 'inline';

const EMPTY_NAME = 'download';
/**
 * Longest percent-encoded name that is sent. With it, the fallback and every other header of an answer stay
 * within one 4 KiB page, nginx's default for an upstream's header; beyond, nginx answers 502 in our place.
 */
const MAX_ENCODED_LENGTH = 2_800;
/** File systems take 255 bytes; curl -J writes nothing at all when `filename` is longer. */
const MAX_FALLBACK_LENGTH = 200;
const MAX_EXTENSION_LENGTH = 20;

/** C0, DEL, C1, line and paragraph separators, and the bidi overrides that make `fdp.exe` read `exe.pdf`. */
const UNSAFE = /[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]+/gu;
/** Without `=?`, which begins an encoded word (RFC 2047): browsers decode those in `filename`, into a path if need be. */
const PLAIN = /^(?!.*=\?)[ !#$&-[\]-~]*$/;
const BLANK = /^[.\s]*$/;

/**
 * The Content-Disposition field for any file name (RFC 6266 §4, RFC 8187 §3.2): `filename` alone when short
 * ASCII can say it unambiguously, else an ASCII approximation plus the exact `filename*`. The result is one line of
 * printable ASCII for every string, lone surrogates included; nothing here throws.
 *
 * The approximation replaces `"`, `%` and `=?` too: curl -J stops at an escaped quote, and browsers decode `%41` and
 * encoded words.
 */
export function formatContentDisposition(type: Disposition, name: string): string {
  const fileName = safeFileName(name);
  const isPlain = fileName.length <= MAX_FALLBACK_LENGTH && PLAIN.test(fileName);
  return create(fileName, { type, fallback: isPlain ? false : asciiApproximation(fileName) });
}

/**
 * A stored name without what could steer where or as what it is saved: the part after the last `/` or `\`
 * (RFC 6266 §4.3), control characters as `_`, ill-formed UTF-16 as U+FFFD. `.` and `..`, blank and empty names
 * become `download`; a leading dot of a real name (`.htaccess`) is part of that name and stays.
 */
export function safeFileName(name: string): string {
  const segments = name.toWellFormed().replace(UNSAFE, '_').split(/[\\/]/);
  const base = segments.findLast((segment) => segment.trim() !== '') ?? '';
  return BLANK.test(base) ? EMPTY_NAME : shorten(base, MAX_ENCODED_LENGTH, encodedLength);
}

function asciiApproximation(fileName: string): string {
  const ascii = fileName
    .normalize('NFD')
    .replace(/\p{M}/gu, '')
    .normalize('NFC')
    .replace(/[^ -~]|["%\\/]|(?<==)\?/gu, '_');
  // Nothing but marks and dots leaves no name at all.
  return BLANK.test(ascii) ? EMPTY_NAME : shorten(ascii, MAX_FALLBACK_LENGTH, (text) => text.length);
}

/** Cuts whole characters off before the extension until `measure` is within `limit`. */
function shorten(name: string, limit: number, measure: (text: string) => number): string {
  if (measure(name) <= limit) return name;
  const dot = name.lastIndexOf('.');
  const hasExtension = dot > 0 && name.length - dot <= MAX_EXTENSION_LENGTH;
  const extension = hasExtension ? name.slice(dot) : '';
  let room = limit - measure(extension);
  let end = 0;
  for (const character of name) {
    room -= measure(character);
    if (room < 0) break;
    end += character.length;
  }
  return name.slice(0, end) + extension;
}

function encodedLength(text: string): number {
  return encodeExtended(text).length - "UTF-8''".length;
}
