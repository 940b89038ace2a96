/** What a tenant or a sub-tenant may hold, and what one source of it may be. Null: no bound here. Sizes are bytes. */
export interface Bounds {
  readonly quotaBytes: number | null;
  readonly quotaObjects: number | null;
  /** The largest source. */
  readonly maxUploadBytes: number | null;
  /** Media types, or all of a kind (`image/*`), in lower case and without parameters. */
  readonly allowedContentTypes: string[] | null;
}

/** Where nothing is set. */
export const UNBOUNDED: Bounds = {
  quotaBytes: null,
  quotaObjects: null,
  maxUploadBytes: null,
  allowedContentTypes: null,
};

/** The columns of {@link Bounds} in an entity: PostgreSQL's bigint comes as text. */
export const BIGINT = {
  to: (value: number | null | undefined): number | null | undefined => value,
  from: (value: string | null): number | null => (value === null ? null : Number(value)),
};
