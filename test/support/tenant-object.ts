/** A gateway whose tenants are looked at. */
export interface LookedAt {
  readonly url: string;
  readonly dataDir: string;
}

/** An object of a tenant past the gateway: a file of the data folder, in memory, or in the run's bucket. */
export interface TenantObject {
  /** Below the tenant's own key, without what an adapter puts in between. */
  readonly name: string;
  readonly sizeBytes: number;
  read(): Promise<Buffer>;
  /** Puts other bytes in its place. */
  write(bytes: Buffer): Promise<void>;
  remove(): Promise<void>;
}
