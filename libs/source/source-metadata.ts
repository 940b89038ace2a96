import { isStorableJson, parseJsonBody, validationFailed } from '#http';
import { CodedError } from '#kernel';

/** Most bytes of a source's metadata, as JSON. */
export const METADATA_LIMIT = 64 * 1024;

/** Holds metadata to what can be stored and given back exactly. */
export function assertMetadata(metadata: Record<string, unknown>): Record<string, unknown> {
  if (!isStorableJson(metadata))
    throw refused('holds text that cannot be stored (NUL or half a surrogate pair)');
  if (Buffer.byteLength(JSON.stringify(metadata)) > METADATA_LIMIT)
    throw refused(`may have ${METADATA_LIMIT} bytes at most`);
  return metadata;
}

/** Reads metadata out of a form field: a JSON object. */
export function parseMetadata(text: string): Record<string, unknown> {
  const value = parse(text);
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw refused('must be a JSON object');
  return assertMetadata(value as Record<string, unknown>);
}

function parse(text: string): unknown {
  try {
    return parseJsonBody(Buffer.from(text, 'utf8'));
  } catch (error) {
    throw error instanceof CodedError ? refused('must be a JSON object') : error;
  }
}

function refused(message: string): CodedError {
  return validationFailed([{ field: 'metadata', code: 'invalid', message }]);
}
