import { decodeStrictUtf8, trimOws } from '../content/index.js';
import { malformedForm } from './malformed-form.js';

/** What the headers of one part say (RFC 7578 §4). */
export interface PartHeaders {
  readonly name: string;
  /** The last segment of the path that was given; undefined when the part names no file. */
  readonly fileName: string | undefined;
  /** With its parameters, as sent. */
  readonly contentType: string | undefined;
}

const FIELD_LINE = /^([\w!#$%&'*+.^`|~-]+):([^\0\r\n]*)$/;
const PARAMETER = /[ \t]*;[ \t]*(?:([\w!#$%&'+.^`|~-]+\*?)[ \t]*=[ \t]*("(?:[^"\\]|\\.)*"|[^\s;"]*))?[ \t]*/y;
/** RFC 8187 §3.2.1, in the one charset that it requires. */
const EXTENDED_VALUE = /^utf-8'[^']*'((?:[\w!#$&+.^`|~-]|%[0-9a-f]{2})*)$/i;
/** Codings that leave the bytes as they are (RFC 2045 §6.2); any other would be stored for the content itself. */
const IDENTITY_ENCODINGS = new Set(['7bit', '8bit', 'binary']);

/**
 * Reads the header block of a part, without the blank line after it: UTF-8, lines ended by CRLF, folded lines allowed.
 * Throws `malformed_request` for everything else, for a field given twice, and for a part without a name.
 */
export function parsePartHeaders(block: Buffer): PartHeaders {
  const text = decodeStrictUtf8(block);
  if (text === null) throw malformedForm('a part has a header that is not UTF-8');
  const fields = parseFields(text);
  const encoding = fields.get('content-transfer-encoding')?.toLowerCase() ?? 'binary';
  if (!IDENTITY_ENCODINGS.has(encoding)) throw malformedForm('a part has a transfer encoding');
  const parameters = parseDisposition(fields.get('content-disposition') ?? '');
  const name = parameters.get('name');
  if (name === undefined) throw malformedForm('a part has no name');
  const path = fromExtended(parameters.get('filename*')) ?? parameters.get('filename');
  return {
    name,
    fileName: path === undefined ? undefined : lastSegment(path),
    contentType: fields.get('content-type'),
  };
}

function parseFields(text: string): ReadonlyMap<string, string> {
  const fields = new Map<string, string>();
  for (const line of text.replace(/\r\n(?=[ \t])/g, '').split('\r\n')) {
    const [, name, value] = FIELD_LINE.exec(line) ?? [];
    if (name === undefined || value === undefined) throw malformedForm('a part has a broken header');
    if (fields.has(name.toLowerCase())) throw malformedForm('a part has a header twice');
    fields.set(name.toLowerCase(), trimOws(value));
  }
  return fields;
}

function parseDisposition(value: string): ReadonlyMap<string, string> {
  const type = /^form-data(?=[ \t;]|$)/i.exec(value)?.[0];
  if (type === undefined) throw malformedForm('a part is no form-data');
  const parameters = new Map<string, string>();
  for (let at = type.length; at < value.length; at = PARAMETER.lastIndex) {
    PARAMETER.lastIndex = at;
    const match = PARAMETER.exec(value);
    if (match === null) throw malformedForm('a part has a broken Content-Disposition');
    const name = match[1]?.toLowerCase();
    if (name === undefined) continue;
    if (parameters.has(name)) throw malformedForm('a part has a parameter twice');
    parameters.set(name, unquote(match[2] ?? ''));
  }
  return parameters;
}

/** Browsers escape nothing with a backslash and older programs send Windows paths: only `\"` and `\\` are escapes. */
function unquote(value: string): string {
  return value.startsWith('"') ? value.slice(1, -1).replace(/\\(["\\])/g, '$1') : value;
}

/** RFC 7578 §4.2 asks senders not to use this form; some do, for names that are not ASCII. */
function fromExtended(value: string | undefined): string | undefined {
  if (value === undefined) return undefined;
  try {
    return decodeURIComponent(EXTENDED_VALUE.exec(value)?.[1] ?? '%');
  } catch {
    throw malformedForm('a part has a filename* that is not UTF-8');
  }
}

/** RFC 7578 §4.2: path information is dropped. */
function lastSegment(path: string): string {
  const segment = path.slice(Math.max(path.lastIndexOf('/'), path.lastIndexOf('\\')) + 1);
  return segment === '.' || segment === '..' ? '' : segment;
}
