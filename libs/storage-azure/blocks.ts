/** The service's bounds, see "Scalability and performance targets for Blob storage": blocks of a blob, bytes of a block. */
export const MAX_BLOCKS = 50_000;
export const MAX_BLOCK_BYTES = 4_000 * 1024 * 1024;

/**
 * The id of a block: of one length within a blob, as "Put Block" asks for, and naming the put or upload that it belongs
 * to, since all writers of one name share its uncommitted blocks.
 */
export function blockId(owner: string, number: number): string {
  return Buffer.from(`${owner}-${String(number).padStart(5, '0')}`).toString('base64');
}

/** True when a block's id was made by {@link blockId} for this owner. */
export function isBlockOf(owner: string, id: string): boolean {
  return Buffer.from(id, 'base64').toString().startsWith(`${owner}-`);
}

/** The number that {@link blockId} was given for this owner; null for an id that it did not make. */
export function numberOf(owner: string, id: string): number | null {
  const number = Number(
    Buffer.from(id, 'base64')
      .toString()
      .slice(owner.length + 1),
  );
  return Number.isInteger(number) && blockId(owner, number) === id ? number : null;
}

/** Metadata that says by which put, copy or upload an object was made, so that a lost answer can be made up for. */
export function madeBy(owner: string): Record<string, string> {
  return { [MADE_BY]: owner };
}

/** True when {@link madeBy} is in an object's metadata. */
export function isMadeBy(owner: string, metadata: Readonly<Record<string, string>> | undefined): boolean {
  return metadata?.[MADE_BY] === owner;
}

/** Names of metadata have to be those of C# identifiers, and come back in lower case. */
const MADE_BY = 'gateholdwrite';
