import type { Secret } from '#kernel';
import type { AUDIT_READS } from './audit.js';
import type { LogLevel } from './log.js';
import type { OidcIssuerSettings } from './oidc-issuers.js';
import type { STORAGE_PROFILES } from './storage.js';

/** What a gateway was told, read once at start and never changed. Sizes are bytes, durations whole seconds. */
export interface GatewayConfig {
  readonly http: {
    /** 0 means any free port. */
    readonly port: number;
    readonly host: string;
    /** Without a slash at its end; null means the listening address. */
    readonly publicUrl: string | null;
    /** IP addresses and CIDR ranges; empty means that no forwarded header is believed. */
    readonly trustedProxies: readonly string[];
    /** In lower case, as Node names the headers of a request. */
    readonly organizationHeader: string;
    /** `{tenant}.files.example.com`, or null. */
    readonly tenantHosts: string | null;
    /** Whole seconds; 0 makes every URL a new one. */
    readonly stableUrlSeconds: number;
    readonly docs: boolean;
  };
  readonly data: {
    /** Absolute path; it need not exist yet. */
    readonly dir: string;
  };
  /** Where objects of tenants without storage of their own go. What an adapter does not need is null. */
  readonly storage: {
    readonly adapter: 'filesystem' | 's3' | 'azure';
    readonly profile: (typeof STORAGE_PROFILES)[number] | null;
    /** Without a slash at its end. */
    readonly endpoint: string | null;
    readonly region: string | null;
    /** Bucket or container. */
    readonly bucket: string | null;
    readonly prefix: string | null;
    /** Make the bucket or container when it is absent. */
    readonly create: boolean;
    readonly accessKeyId: Secret | null;
    readonly secretAccessKey: Secret | null;
    readonly sessionToken: Secret | null;
    readonly accountName: Secret | null;
    readonly accountKey: Secret | null;
    readonly delivery: 'direct' | 'redirect' | 'proxy' | null;
  };
  readonly storageAccess: {
    /** Host names, IP addresses and CIDR ranges. */
    readonly allowedEndpoints: readonly string[];
    readonly connectSeconds: number;
    readonly firstByteSeconds: number;
    readonly idleSeconds: number;
  };
  readonly database: {
    /** Null means the embedded PostgreSQL. */
    readonly url: Secret | null;
    /** Null means that {@link url} does the migrations too; never set without it. */
    readonly migrationUrl: Secret | null;
    readonly poolSize: number;
  };
  readonly cache: {
    /** Whether what is read of the database is kept. */
    readonly enabled: boolean;
    /** What that may take. */
    readonly bytes: number;
    /** What small contents may take; null means that none are kept. */
    readonly contentBytes: number | null;
  };
  readonly secrets: {
    /** Null means one in the data folder, made when it is missing. */
    readonly rootToken: Secret | null;
    /** Exactly 32 bytes; null means one in the data folder, made when it is missing. */
    readonly masterKey: Secret<Buffer> | null;
    /** Null unless the master key is being changed; never set without it. */
    readonly previousMasterKey: Secret<Buffer> | null;
  };
  readonly authentication: {
    /** Bad credentials from one address; 0 means any number. */
    readonly failedBurst: number;
    readonly failedPerSecond: number;
  };
  readonly oidc: {
    /** Empty: none is believed. */
    readonly issuers: readonly OidcIssuerSettings[];
    readonly clockSkewSeconds: number;
  };
  readonly limits: {
    readonly maxUploadBytes: number;
    /** After the last byte that came. */
    readonly resumableUploadSeconds: number;
    readonly uploadPartBytes: number;
    readonly inlineMaxBytes: number;
    /** Never less than {@link inlineMaxBytes}. */
    readonly inlineInFlightBytes: number;
    readonly drainSeconds: number;
    readonly idleTimeoutSeconds: number;
    readonly headerTimeoutSeconds: number;
    readonly keepAliveSeconds: number;
    /** Averaged over {@link minimumRateSeconds}. */
    readonly minimumBytesPerSecond: number;
    readonly minimumRateSeconds: number;
  };
  readonly background: {
    /** Whether this process works in the background. */
    readonly workers: boolean;
    /** 0 means none but those that an operator asks for. */
    readonly reconcileIntervalSeconds: number;
    readonly reconcileApply: boolean;
    /** Never less than an hour, unless {@link reconcileShortGrace} allows it. */
    readonly reconcileGraceSeconds: number;
    readonly reconcileShortGrace: boolean;
    readonly reconcileMaxRemovals: number;
    /** Per cent; 100 means no brake. */
    readonly reconcileMaxPercent: number;
    /** 0 means none but those that an operator asks for. */
    readonly verifyIntervalSeconds: number;
    readonly verifyBytesPerSecond: number;
  };
  readonly audit: {
    readonly reads: (typeof AUDIT_READS)[number];
    /** 0 means for ever; else at least 30. */
    readonly retentionDays: number;
  };
  readonly log: { readonly level: LogLevel };
  /** Sentences about variables that were not understood, for the log; they hold names only. */
  readonly warnings: readonly string[];
}
