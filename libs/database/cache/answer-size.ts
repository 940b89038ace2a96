/** What an object or an array takes beside what is in it. Bytes, roughly. */
const CONTAINER = 48;
const FIELD = 8;
const TEXT = 24;

/**
 * About how much memory an answer takes, in bytes: enough to keep a cache within its bounds, not to the byte. Names of fields
 * are shared by all rows and not counted.
 */
export function sizeOf(value: unknown): number {
  if (typeof value === 'string') return TEXT + value.length;
  if (typeof value !== 'object' || value === null) return FIELD;
  if (ArrayBuffer.isView(value)) return CONTAINER + value.byteLength;
  if (value instanceof Date) return CONTAINER;
  let size = CONTAINER;
  for (const field of Object.values(value)) size += FIELD + sizeOf(field);
  return size;
}
