/** An object as its storage has it. */
export interface StoredObject {
  /** All of its name, from the beginning of the bucket on. */
  readonly name: string;
  readonly sizeBytes: number;
  /** Another one whenever the object was written anew. */
  readonly tag: string;
}

/** Credentials that a storage has to refuse, by what is wrong with them. */
export const WRONG_CREDENTIALS = ['a wrong secret', 'an unknown key', "somebody else's key"] as const;
export type WrongCredentials = (typeof WRONG_CREDENTIALS)[number];

/** A bucket of an S3 server, or a container of an Azure account, seen past the gateway. */
export interface TestBucket {
  readonly name: string;
  /** Scheme, host and port of its server, which its own URLs begin with. */
  readonly origin: string;
  /** Whether its own URLs answer a range that is counted from the end. */
  readonly answersSuffixRanges: boolean;
  /** What neither an answer nor a log may show: the bucket's credentials. */
  readonly secrets: readonly string[];
  /** Fields of a binding that name another bucket of the same server. */
  named(name: string): Record<string, unknown>;
  /** The field of a binding that says where the server is, when it is reached at another origin. */
  at(origin: string): Record<string, unknown>;
  /** What a tenant has to say to get its objects into this bucket. */
  binding(change?: Readonly<Record<string, unknown>>): Record<string, unknown>;
  /** The credentials of {@link binding}, made wrong. */
  wrong(what: WrongCredentials): Record<string, string>;
  /** All objects whose names begin so. */
  objects(prefix?: string): Promise<StoredObject[]>;
  /** The same, and what was begun and is not finished, as far as the server shows it. */
  everything(prefix?: string): Promise<StoredObject[]>;
  /** Names of all objects in it. */
  keys(): Promise<string[]>;
  /** The bytes of an object. */
  read(name: string): Promise<Buffer>;
  /** Puts other bytes where an object is. */
  write(name: string, bytes: Buffer): Promise<void>;
  /** Removes an object. */
  remove(name: string): Promise<void>;
  /** Begins an upload in parts, as the gateway does, and does no more about it. */
  begin(key: string): Promise<void>;
  /** Keys of uploads in parts that were begun and neither completed nor aborted. */
  unfinished(): Promise<string[]>;
  /** Removes the bucket with all that is in it. */
  drop(): Promise<void>;
}

/** What an operator has to say for what a tenant says by a binding: the same fields, by the names of settings. */
export function settingsOf(binding: Readonly<Record<string, unknown>>): Record<string, string> {
  const { credentials, container, bucket = container, ...fields } = binding;
  const all = Object.entries({ ...fields, bucket, ...(credentials as object) });
  return Object.fromEntries(
    all.map(([name, value]) => [`GATEHOLD_STORAGE_${name.toUpperCase()}`, String(value)]),
  );
}
