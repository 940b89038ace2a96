/** A kind of storage that the harness has a place for. */
export const STORAGES = ['filesystem', 'ceph'] as const;
export type StorageName = (typeof STORAGES)[number];

/** Where the objects of a run are, seen past the gateways and past every proxy. */
export interface Place {
  readonly storage: StorageName;
  /** What a gateway has to be told. */
  readonly env: Readonly<Record<string, string>>;
  /** Secrets of it that nothing may ever show. */
  readonly secrets: Readonly<Record<string, string>>;
  /** What it runs on, for the report. */
  readonly version: string;
  /** Every object, by its key, with its size. */
  sizes(): Promise<Map<string, number>>;
  /** The bytes of an object; null when there is none. */
  read(key: string): Promise<Buffer | null>;
  /** What is neither an object nor a folder: temporary files, parts, multipart uploads. */
  leftovers(): Promise<string[]>;
  /** Makes everything unfinished look so old that a sweep takes it; false where age cannot be given. */
  age(): Promise<boolean>;
  /** Stops and removes all of it. */
  close(): Promise<void>;
}
