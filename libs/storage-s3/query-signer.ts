import type { Secret } from '#kernel';

/** What an {@link S3Presigner} signs with: the gateway's composition root chooses it. Plain data in, a URL out. */
export interface QuerySigner {
  /** See AWS Signature Version 4, "Authenticating requests: using query parameters". */
  presign(request: {
    readonly method: 'GET' | 'PUT';
    readonly key: string;
    readonly expiresInSeconds: number;
    readonly nowMs: number;
    readonly query?: Readonly<Record<string, string>> | undefined;
    readonly headers?: Readonly<Record<string, string>> | undefined;
  }): { readonly url: string; readonly expiresAt: Date };
}

/** Makes the signer of one bucket and one credential. */
export type QuerySignerFactory = (
  credentials: {
    readonly accessKeyId: string;
    readonly secretAccessKey: Secret;
    readonly sessionToken?: Secret | undefined;
    readonly expiresAt?: Date | undefined;
  },
  target: {
    readonly endpoint: string;
    readonly bucket: string;
    readonly region: string;
    readonly pathStyle: boolean;
  },
) => QuerySigner;
