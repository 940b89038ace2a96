/** Kinds of storage that a binding may name. */
export const ADAPTERS = ['filesystem', 's3', 'azure'] as const;
export type Adapter = (typeof ADAPTERS)[number];

/**
 * How downloads are handed out: `direct` is a URL of the provider, `redirect` a link of ours that leads to a short-lived
 * one, `proxy` a link whose bytes pass through the gateway.
 */
export const DELIVERIES = ['direct', 'redirect', 'proxy'] as const;
export type Delivery = (typeof DELIVERIES)[number];

/** S3 servers whose peculiarities are known. The adapter says what they are. */
export const PROFILES = ['aws', 'ceph', 'r2', 'minio', 'seaweedfs', 'garage', 'b2', 'gcs'] as const;
export type Profile = (typeof PROFILES)[number];

/** What says where objects are; nothing in it is secret. */
export interface BindingPlace {
  readonly adapter: Adapter;
  /** S3 only. */
  readonly profile: string | null;
  /** Scheme, host and port, for Azure also the account's path; null for the provider's own of that region. */
  readonly endpoint: string | null;
  readonly region: string | null;
  /** Bucket or container; null for the data folder. */
  readonly bucket: string | null;
  /** Without slashes at its ends; empty for none. */
  readonly prefix: string;
}

/** Credentials by the names that the API gives them; each adapter takes its own. */
export type BindingCredentials = Readonly<Record<string, string>>;

/** A binding as it is kept. */
export interface KeptBinding {
  readonly bindingId: string;
  readonly place: BindingPlace;
  /** Null where the adapter needs none. */
  readonly sealedCredentials: Buffer | null;
  readonly delivery: Delivery;
  /** Counts the credentials it has had. */
  readonly revision: number;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

/** The place as one text: two bindings are of the same place exactly when it is equal. */
export function placeName({ adapter, endpoint, region, bucket, prefix }: BindingPlace): string {
  return JSON.stringify([adapter, endpoint, region, bucket, prefix]);
}
