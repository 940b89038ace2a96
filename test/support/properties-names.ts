import libmime from 'libmime';

import { parseDisposition } from './disposition.js';
import { carelessUtf8 } from './properties-text.js';
import { form, type FormPart, type Reply } from './raw-http.js';

/** Characters that are sent as one underscore for a run of them: controls, line separators, bidi overrides. */
const STEERING = /[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]/u;
/** Longest percent-encoded name that fits the header page of a common proxy; longer ones are cut. */
const MAX_ENCODED = 2_800;

/**
 * The name under which a client has to save a source of this name (RFC 6266 §4.3): the last part of the path, controls
 * as `_`, and `download` where nothing of a name is left. Written apart from the product, character by character.
 */
export function promisedName(name: string): string {
  let clean = '';
  let isRun = false;
  for (const character of name) {
    const steers = STEERING.test(character);
    if (!steers) clean += character;
    else if (!isRun) clean += '_';
    isRun = steers;
  }
  const parts = clean.replaceAll('\\', '/').split('/');
  const last = parts.filter((part) => part.trim() !== '').pop() ?? '';
  return [...last].every((character) => character === '.' || character.trim() === '') ? 'download' : last;
}

/** Whether a client's name is the promised one; one too long for a header line is cut inside and keeps its beginning. */
export function isPromised(actual: string, name: string): boolean {
  const promised = promisedName(name);
  if (encodedLength(promised) <= MAX_ENCODED) return actual === promised;
  const dot = actual.lastIndexOf('.');
  const stem = dot > 0 && !promised.startsWith(actual) ? actual.slice(0, dot) : actual;
  return (
    actual.isWellFormed() &&
    encodedLength(actual) <= MAX_ENCODED &&
    promised.startsWith(stem) &&
    encodedLength(actual) > MAX_ENCODED - 20 &&
    (actual === stem || promised.endsWith(actual.slice(dot)))
  );
}

/** What three readers make of an answer's Content-Disposition. */
export interface ReadDisposition {
  readonly type: string;
  /** By the grammar of RFC 6266. */
  readonly byGrammar: string;
  /** By libmime, encoded words decoded as mail readers and browsers do. */
  readonly byLibrary: string;
  /** What a client that knows `filename` only sees. */
  readonly fallback: string;
}

/** Reads the one Content-Disposition of an answer. Throws when there are several, or when it is not printable ASCII. */
export function readDisposition(reply: Reply): ReadDisposition {
  const count = reply.names.filter((name) => name === 'content-disposition').length;
  const field = reply.headers['content-disposition'] ?? '';
  if (count !== 1 || !/^[ -~]+$/.test(field)) throw new Error(`${count} Content-Disposition: ${field}`);
  const parsed = parseDisposition(field);
  const { params, decodedParams } = libmime.parseHeaderValue(field);
  const raw = params['filename'] ?? '';
  const byLibrary = decodedParams.includes('filename') ? raw : libmime.decodeWords(raw);
  return { type: parsed.type, byGrammar: parsed.best, byLibrary, fallback: parsed.filename ?? '' };
}

/** A form of one part whose file name has exactly these bytes, quotes and backslashes escaped. */
export function formNamed(part: FormPart, name: string): { type: string; body: Buffer } {
  const mark = 'WHERE-THE-NAME-IS';
  const { type, body } = form([{ ...part, fileName: mark }]);
  const start = body.indexOf(mark);
  const escaped = carelessUtf8(name.replace(/["\\]/g, '\\$&'));
  return {
    type,
    body: Buffer.concat([body.subarray(0, start), escaped, body.subarray(start + mark.length)]),
  };
}

function encodedLength(text: string): number {
  return encodeURIComponent(text)
    .replace(/['()*]/g, '%27')
    .replace(/%(?:24|26|2B|5E|60|7C|23)/g, '_').length;
}
