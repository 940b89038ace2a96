import { DelimitedBytes } from './delimited-bytes.js';
import { malformedForm } from './malformed-form.js';
import { parsePartHeaders, type PartHeaders } from './part-headers.js';

/** One part of a form as it passes. Its body has to be read to the end before the next part is asked for. */
export interface FormPart extends PartHeaders {
  /** The bytes as sent. Throws `malformed_request` when the form ends within them. */
  readonly body: AsyncIterable<Buffer>;
}

/** Most bytes of the headers of a part, of what stands before the first one, and of what follows the last one. */
export const PART_OVERHEAD_LIMIT = 16 * 1024;

/** RFC 2046 §5.1.1 has 70 characters at most. Taken bare, as many send it, where the grammar would want quotes. */
const BOUNDARY = /;[ \t]*boundary=(?:"([ !#-[\]-~]{1,70})"|([!#-:<-[\]-~]{1,70}))[ \t]*(?=;|$)/gi;
const CRLF = '\r\n';
const END_OF_HEADERS = Buffer.from(`${CRLF}${CRLF}`);

/**
 * Reads `multipart/form-data` (RFC 7578, RFC 2046 §5.1) part by part, without ever holding one. Strict, so that no
 * byte is dropped or altered in silence: whatever is not a complete form throws `malformed_request` (400), after
 * which the rest of the source is unread. A preamble and an epilogue of up to {@link PART_OVERHEAD_LIMIT} are skipped.
 */
export async function* readFormParts(
  source: AsyncIterable<Buffer>,
  contentType: string | undefined,
): AsyncGenerator<FormPart> {
  const delimiter = Buffer.from(`${CRLF}--${boundaryOf(contentType)}`);
  // The first delimiter may stand at the very beginning, without a line break of its own.
  const bytes = new DelimitedBytes(source, Buffer.from(CRLF));
  try {
    yield* readParts(bytes, delimiter);
  } finally {
    bytes.close();
  }
}

async function* readParts(bytes: DelimitedBytes, delimiter: Buffer): AsyncGenerator<FormPart> {
  if ((await bytes.takeUntil(delimiter, PART_OVERHEAD_LIMIT)) === null)
    throw malformedForm('its boundary does not occur');
  for (;;) {
    const next = await bytes.take(2);
    if (next.toString('latin1') === '--') break;
    const headers = await readHeaders(bytes, next, delimiter);
    const reading = { isDone: false };
    const body = bytes.streamUntil(delimiter, () => malformedForm('it ends within a part'));
    yield { ...headers, body: observed(body, () => (reading.isDone = true)) };
    if (!reading.isDone) throw new Error('A part was left before its end.');
  }
  if (!(await bytes.drain(PART_OVERHEAD_LIMIT))) throw malformedForm('too much follows its last part');
}

function boundaryOf(contentType = ''): string {
  const [match, ...others] = contentType.matchAll(BOUNDARY);
  const declared = contentType.match(/;[ \t]*boundary[ \t]*=/gi) ?? [];
  const boundary = match?.[1] ?? match?.[2];
  if (boundary === undefined || others.length > 0 || declared.length !== 1)
    throw malformedForm('its type has no usable boundary');
  return boundary;
}

/** What follows a delimiter: blanks, a line break, the headers and an empty line. `begin` has been read already. */
async function readHeaders(bytes: DelimitedBytes, begin: Buffer, delimiter: Buffer): Promise<PartHeaders> {
  const rest = await bytes.takeUntil(END_OF_HEADERS, PART_OVERHEAD_LIMIT);
  if (rest === null) throw malformedForm('a part has no headers, or too many');
  const block = Buffer.concat([begin, rest]);
  const start = block.indexOf(CRLF);
  if (start < 0 || /[^ \t]/.test(block.toString('latin1', 0, start)) || block.includes(delimiter))
    throw malformedForm('a delimiter is broken');
  return parsePartHeaders(block.subarray(start + CRLF.length));
}

async function* observed(body: AsyncIterable<Buffer>, onEnd: () => void): AsyncGenerator<Buffer> {
  yield* body;
  onEnd();
}
