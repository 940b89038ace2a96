/** A row of a source, as the owner of the tables sees it. */
export interface SourceRow {
  readonly tenantId: string;
  readonly subTenantId: string;
  readonly sourceId: string;
  readonly externalId: string | null;
  readonly name: string;
  readonly status: string;
  readonly contentType: string;
  readonly sizeBytes: number | null;
  readonly sha256: string | null;
  readonly objectKey: string | null;
  /** Counts the contents it has had. */
  readonly version: number;
}

/** How often the audit log says that a source got content, and that it ended. */
export interface AuditedSource {
  readonly written: number;
  readonly deleted: number;
}

/** A row of a write under way, or of an upload of its own that has been over for less than a day. */
export interface UploadRow {
  readonly tenantId: string;
  readonly state: 'receiving' | 'completed' | 'ended';
  readonly objectKey: string;
  /** The key that whoever completes it writes; null: none of its own. */
  readonly attemptKey: string | null;
  /** Of an upload that outlives its request: what it is to become. */
  readonly sourceId: string | null;
  readonly name: string | null;
}

/** An object of the storage, read past the gateways. */
export interface StoredObject {
  readonly sizeBytes: number;
  /** Null when it was gone before it could be read. */
  readonly sha256: string | null;
}

/** What a gateway said of one source when nothing was under way. */
export interface ReadBack {
  readonly subject: string;
  readonly gateway: string;
  readonly via: 'metadata' | 'content' | 'range' | 'link';
  /** Null: no complete answer. */
  readonly status: number | null;
  /** Why there was none, and after how long; empty where there was one. */
  readonly why: string;
  /** Of the body; null for metadata. */
  readonly sha256: string | null;
  /** What the part should have been; null where it is no part. */
  readonly expectedSha256: string | null;
  readonly name: string | null;
  readonly contentType: string | null;
  readonly ownerCodes: readonly number[];
}

/** What a tenant's usage is said to be, and what its rows come to. */
export interface UsageSeen {
  readonly of: string;
  readonly stated: Readonly<Record<string, number>>;
  readonly counted: Readonly<Record<string, number>>;
}

/** What became of a link or a token that was taken back. */
export interface RevokedSeen {
  readonly what: string;
  readonly gateway: string;
  readonly status: number | null;
}

/** How the processes stand. */
export interface ProcessesSeen {
  /** Gateways that ended although nobody ended them. */
  readonly ended: readonly string[];
  /** Open descriptors by gateway, now and before the first fault. */
  readonly descriptors: readonly {
    readonly gateway: string;
    readonly open: number;
    readonly before: number;
  }[];
  readonly sessions: number;
  readonly mostSessions: number;
  readonly idleInTransaction: number;
}

/** How long it took after the fault; null: it did not come to that in time. Milliseconds. */
export interface RecoverySeen {
  readonly recoveredMs: number | null;
  readonly drainedMs: number | null;
}

/** Everything there is to see when nothing is under way. Invariants look at this and at the ledger, and at nothing else. */
export interface Observation {
  /** Times of the ledger. */
  readonly began: number;
  readonly ended: number;
  readonly rows: readonly SourceRow[];
  readonly uploads: readonly UploadRow[];
  readonly outboxKeys: readonly string[];
  /** When the database crashed, in milliseconds since 1970. */
  readonly crashes: readonly number[];
  readonly objects: ReadonlyMap<string, StoredObject>;
  readonly leftovers: readonly string[];
  /** Keys of objects that somebody removed, or asked to be removed, since the run began. */
  readonly removedKeys: ReadonlySet<string>;
  /** The end of the run: everything unfinished is old, and has to be gone. */
  readonly final: boolean;
  readonly readBacks: readonly ReadBack[];
  readonly usage: readonly UsageSeen[];
  /** By the ids of sources. */
  readonly audited: ReadonlyMap<string, AuditedSource>;
  readonly revoked: readonly RevokedSeen[];
  readonly processes: ProcessesSeen;
  readonly recovery: RecoverySeen;
  /** Secrets that were found in what gateways wrote. */
  readonly leaks: readonly string[];
  readonly logLines: number;
}
