import { characterCount, decodeStrictUtf8, isStorableText, validationFailed } from '#http';
import type { CodedError } from '#kernel';

import { parseMetadata } from '../source-metadata.js';
import { isExternalId } from '../source-reference.js';
import { TusErrors } from './tus.errors.js';

const MAX_NAME = 1024;
const KEY = /^[!-+\--~]+$/;
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;
const SHA256 = /^[0-9a-f]{64}$/i;

/** What a client says of the file that it uploads. */
export interface UploadMetadata {
  readonly name: string | undefined;
  readonly contentType: string | undefined;
  readonly sourceId: string | undefined;
  readonly metadata: Record<string, unknown> | undefined;
  /** Of the whole file, in hex. */
  readonly sha256: string | undefined;
}

/**
 * Reads `Upload-Metadata` (tus 1.0, Creation): keys with their values in base64, between commas. `name` or `filename`,
 * `content_type` or `filetype`, `source_id`, `metadata` (a JSON object) and `checksum_sha256` (hex) say something of the
 * source; what else a client sends is given back by HEAD and means nothing here. An empty value counts as none. Throws
 * `malformed_request` for what is no such list, and `validation_failed` for a value that cannot be taken.
 */
export function parseUploadMetadata(field: string | null): UploadMetadata {
  const values = field === null || field.trim() === '' ? new Map<string, Buffer>() : parsePairs(field);
  const [name, sourceId, metadata, sha256] = [
    textOf(values, 'name') ?? textOf(values, 'filename'),
    textOf(values, 'source_id'),
    textOf(values, 'metadata'),
    textOf(values, 'checksum_sha256'),
  ];
  if (name !== undefined && !isName(name))
    throw refused('name', `must be text of 1 to ${MAX_NAME} characters without NUL`);
  if (sourceId !== undefined && !isExternalId(sourceId))
    throw refused('source_id', 'must be text of 1 to 1024 characters without NUL');
  if (sha256 !== undefined && !SHA256.test(sha256))
    throw refused('checksum_sha256', 'must be a SHA-256 in 64 hex digits');
  return {
    name,
    sourceId,
    contentType: textOf(values, 'content_type') ?? textOf(values, 'filetype'),
    metadata: metadata === undefined ? undefined : parseMetadata(metadata),
    sha256: sha256?.toLowerCase(),
  };
}

function parsePairs(field: string): Map<string, Buffer> {
  const values = new Map<string, Buffer>();
  for (const pair of field.split(',')) {
    const [key = '', value = '', ...more] = pair.trim().split(' ');
    if (!KEY.test(key) || !BASE64.test(value) || more.length > 0 || values.has(key))
      throw TusErrors.malformed(
        'Upload-Metadata: not a list of pairs with different keys and values in base64.',
      );
    values.set(key, Buffer.from(value, 'base64'));
  }
  return values;
}

function textOf(values: ReadonlyMap<string, Buffer>, key: string): string | undefined {
  const bytes = values.get(key);
  if (bytes === undefined || bytes.length === 0) return undefined;
  const text = decodeStrictUtf8(bytes);
  if (text === null) throw refused(key, 'must be text in UTF-8');
  return text;
}

function isName(text: string): boolean {
  return isStorableText(text) && characterCount(text) <= MAX_NAME;
}

function refused(field: string, message: string): CodedError {
  return validationFailed([{ field, code: 'invalid', message }]);
}
