import { isUuid } from '#kernel';

const uuids = (digit: string): RegExp => {
  const uuid = `${digit}{8}-${digit}{4}-${digit}{4}-${digit}{4}-${digit}{12}`;
  return new RegExp(`^${uuid}(?:,${uuid})*$`);
};
const UUIDS = uuids('[0-9a-fA-F]');
const CAPITAL = /[A-F]/;
const UUID_LENGTH = 36;

/** All ids with commas between them where each of them is a UUID, in either case; else null. One look for all of them. */
export function joinedUuids(ids: readonly string[]): string | null {
  const text = ids.join();
  // A comma in an id would make two of it, and the text longer.
  return text.length === ids.length * (UUID_LENGTH + 1) - 1 && UUIDS.test(text) ? text : null;
}

/**
 * Ids that sources are named by: UUIDs, in either case, and external ones. Where they are nothing but UUIDs, as nearly
 * always, they are one text, which was looked at once and is what the database is asked with.
 */
export class NamedIds {
  /** The UUIDs in small letters, with commas between them. */
  readonly sourceIds: string;
  readonly externalIds: readonly string[];
  readonly count: number;
  /** Null where all are in {@link sourceIds} as they were given. */
  readonly #given: readonly string[] | null;

  /** `joined`: what {@link joinedUuids} answers, where that is known. */
  constructor(given: readonly string[], joined: string | null = joinedUuids(given)) {
    const isAsGiven = joined !== null && !CAPITAL.test(joined);
    this.count = given.length;
    this.#given = isAsGiven ? null : [...given];
    this.sourceIds = isAsGiven ? joined : given.filter(isUuid).join().toLowerCase();
    this.externalIds = isAsGiven ? [] : given.filter((id) => !isUuid(id));
  }

  /** Whether they are nothing but UUIDs in small letters. */
  get isPlain(): boolean {
    return this.#given === null;
  }

  /** All of them in the order in which they were given. */
  all(): readonly string[] {
    return this.#given ?? this.sourceIds.split(',');
  }
}

/** What a source is found by: the case of its letters tells external ids apart, but not UUIDs. */
export function nameOf(id: string): string {
  return isUuid(id) ? id.toLowerCase() : id;
}
