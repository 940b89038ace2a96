/** What differs from one S3 server to the next. */
export interface S3Profile {
  /** The bucket is a segment of the path and not a label of the host name. */
  readonly pathStyle: boolean;
  /** The endpoint of a region; null when the operator has to name it. */
  readonly endpoint: ((region: string) => string) | null;
  /** The region to sign for when none is given. */
  readonly region: string;
  /** A PUT with `If-None-Match: *` fails with 412 when the key is taken. Still tried when a binding is opened. */
  readonly conditionalPut: boolean;
  /** The same for the completion of a multipart upload; tried as well. */
  readonly conditionalComplete: boolean;
  /** Parts of an upload can be copied from another object (UploadPartCopy); without it all copies are by one request. */
  readonly copiesParts: boolean;
  /** All parts but the last must have one size. */
  readonly equalParts: boolean;
  /** A bucket is made with its region as location constraint; elsewhere that is refused or means another thing. */
  readonly locationConstraint: boolean;
  /** Checksums in the headers of an upload that the server compares with what came. Others store what they are told. */
  readonly checksums: readonly 'sha256'[];
}

const COMMON = {
  pathStyle: true,
  endpoint: null,
  region: 'us-east-1',
  conditionalPut: false,
  conditionalComplete: false,
  copiesParts: true,
  equalParts: false,
  locationConstraint: false,
  checksums: [],
} as const satisfies S3Profile;

/**
 * The servers that are known, by name. Only `ceph` is run against a real server by this project's tests; the others
 * follow their makers' documents.
 */
export const S3_PROFILES = {
  // Path style is being retired there; conditional writes cover PutObject and CompleteMultipartUpload since 2024.
  aws: {
    ...COMMON,
    pathStyle: false,
    endpoint: (region: string) => `https://s3.${region}.amazonaws.com`,
    conditionalPut: true,
    conditionalComplete: true,
    locationConstraint: true,
    checksums: ['sha256'],
  },
  // RGW knows If-None-Match on PutObject; on completion only newer releases do, and only those compare checksums. It
  // signs for any region, but makes buckets in its own zone groups only.
  ceph: { ...COMMON, conditionalPut: true },
  // R2 has one region, signs for `auto`, and wants equal parts.
  r2: { ...COMMON, region: 'auto', conditionalPut: true, equalParts: true },
  minio: { ...COMMON, conditionalPut: true, conditionalComplete: true, checksums: ['sha256'] },
  // Conditional headers are ignored by many releases.
  seaweedfs: COMMON,
  // Garage checks the region of the signature against its own, `garage` unless configured otherwise.
  garage: { ...COMMON, region: 'garage' },
  // B2 says which region an endpoint is in: us-west-004 in s3.us-west-004.backblazeb2.com.
  b2: {
    ...COMMON,
    endpoint: (region: string) => `https://s3.${region}.backblazeb2.com`,
    region: 'us-west-004',
  },
  // The XML API answers to S3's signature with HMAC keys, ignores If-None-Match there, and signs for `auto`. It copies no
  // parts, and objects of any size by one request.
  gcs: { ...COMMON, endpoint: () => 'https://storage.googleapis.com', region: 'auto', copiesParts: false },
} as const satisfies Record<string, S3Profile>;

/** Name of a profile. */
export type S3ProfileName = keyof typeof S3_PROFILES;
