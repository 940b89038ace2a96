/** What a source has after a write: the write tells the bytes (see `Content`), the rest goes with it. */
export interface Version {
  readonly write: number;
  readonly sizeBytes: number;
  /** Hex. */
  readonly sha256: string;
  readonly name: string;
  readonly contentType: string;
}

/** `ok`: acknowledged. `refused`: it did not and will not happen. `unknown`: it happened, or will, or not. */
export type Result = 'ok' | 'refused' | 'unknown';

/** How a source was found when nothing was under way; null where there was none. */
export type SettledState = { readonly write: number; readonly sourceId: string } | null;

/** The run itself; the first line of a ledger. */
export interface RunEntry {
  readonly type: 'run';
  readonly seed: string;
  readonly storage: string;
}

/** A change that is about to be asked for. On the disk before the first byte of it is sent. */
export interface IntentEntry {
  readonly type: 'intent';
  readonly op: number;
  readonly client: number;
  /** Name of the operation. */
  readonly kind: string;
  /** The source: `OWNER/slot-N` by an id of the caller's, `OWNER/post-N` for one that write N made. */
  readonly subject: string;
  /** What there will be; null: nothing. */
  readonly effect: Version | null;
  /** A repeat of it changes nothing: it has an idempotency key, or a condition that it itself ends. */
  readonly guarded: boolean;
}

/** What became of a change, as its client knows it. */
export interface OutcomeEntry {
  readonly type: 'outcome';
  readonly op: number;
  readonly result: Result;
  /** False: an attempt of it may still take effect, whatever `result` says of another one. */
  readonly closed: boolean;
  readonly status: number | null;
  readonly code: string | null;
  readonly attempts: number;
  readonly sourceId: string | null;
}

/** A request of a change was sent a second time behind its client's back, and may take effect again. */
export interface ReopenedEntry {
  readonly type: 'reopened';
  readonly op: number;
}

/** What a client saw of a source. */
export interface ReadEntry {
  readonly type: 'read';
  readonly client: number;
  readonly subject: string;
  /** How it looked: `content`, `range`, `link`, `list`. */
  readonly via: string;
  /** When it was asked for; milliseconds as in `at`. */
  readonly began: number;
  /** Null: there was none. `name` is null where an answer does not say it. */
  readonly found: { readonly sha256: string; readonly name: string | null } | null;
  /** Where nothing was found: what the answer was, and to what. */
  readonly said?: string;
}

/** Every source of the run, looked at when nothing was under way: what was open until then is decided, but for uploads that last. */
export interface SettledEntry {
  readonly type: 'settled';
  readonly states: Readonly<Record<string, SettledState>>;
  /** Writes whose uploads are still open: whatever their clients know, they may take effect later. */
  readonly underWay: readonly number[];
}

/** A fault begins, or what it broke is whole again. */
export interface FaultEntry {
  readonly type: 'fault';
  readonly fault: string;
  readonly phase: 'begin' | 'healed';
}

/** Something that must not be. */
export interface ViolationEntry {
  readonly type: 'violation';
  readonly invariant: string;
  readonly fault: string;
  readonly detail: string;
}

export type Entry =
  | RunEntry
  | IntentEntry
  | OutcomeEntry
  | ReopenedEntry
  | ReadEntry
  | SettledEntry
  | FaultEntry
  | ViolationEntry;

/** An entry and when it was written, in milliseconds since the run began, never going back. */
export type Line = Entry & { readonly at: number };
