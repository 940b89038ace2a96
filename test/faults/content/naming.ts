/*
 * The name of a source tells which write it is from, also where its bytes, being few, could be anybody's. No extension: the
 * gateway would make a type of it.
 */
const NAME = /^write (\d+) ünïcödé$/;

export function nameOf(write: number): string {
  return `write ${write} ünïcödé`;
}

/** The write that a name is from; null for a name that no client gave. */
export function writeOf(name: string): number | null {
  const number = NAME.exec(name)?.[1];
  return number === undefined ? null : Number(number);
}

/** The id by which a client asks for a source: its own where it gave one, since that stays when the source is made anew. */
export function askedIdOf(subject: string, sourceId: string): string {
  return ownIdOf(subject) ?? sourceId;
}

/** The id that a client gave a source; null for one that has none but the gateway's. */
export function ownIdOf(subject: string): string | null {
  return /\/((?:slot|gone|big)-\d+)$/.exec(subject)?.[1] ?? null;
}

export const CONTENT_TYPES = ['application/pdf', 'text/plain', 'image/png', 'application/zip'] as const;

const KIB = 1024;
const MIB = 1024 * KIB;

/** How large a content is, and how often it is so, compared with the others. */
export interface Size {
  readonly weight: number;
  readonly sizeBytes: number;
}

/** Sizes of contents. */
export const SIZES: readonly Size[] = [
  { weight: 10, sizeBytes: 0 },
  { weight: 10, sizeBytes: 1 },
  { weight: 70, sizeBytes: 4 * KIB },
  { weight: 2, sizeBytes: 5 * MIB - 1 },
  { weight: 2, sizeBytes: 5 * MIB },
  { weight: 2, sizeBytes: 5 * MIB + 1 },
  { weight: 0.4, sizeBytes: 40 * MIB },
];

/** Sizes of uploads that may come in parts. */
export const UPLOAD_SIZES: readonly Size[] = [
  { weight: 5, sizeBytes: 0 },
  { weight: 5, sizeBytes: 1 },
  { weight: 70, sizeBytes: 4 * KIB },
  { weight: 6, sizeBytes: 5 * MIB },
  { weight: 8, sizeBytes: 5 * MIB + 1 },
  { weight: 4, sizeBytes: 11 * MIB },
];
