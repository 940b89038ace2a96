/** What has become of the calls of one operation on one kind of storage. */
export interface OperationMetrics {
  readonly adapter: string;
  readonly operation: string;
  /** Calls that have ended, failed ones too. */
  readonly calls: number;
  /** Failed calls by the code of their error. */
  readonly failures: Readonly<Record<string, number>>;
  /** Time that the calls took together; of a `get` to the first byte, of a `put` with the waiting for its sender. */
  readonly milliseconds: number;
}

/** Counts calls in this process. Bounded: by kinds of storage, operations and error codes. */
export class StorageMetrics {
  readonly #entries = new Map<
    string,
    {
      adapter: string;
      operation: string;
      calls: number;
      failures: Record<string, number>;
      milliseconds: number;
    }
  >();

  /** Counts one call; `failure` is the code of its error, null when it succeeded. */
  record(adapter: string, operation: string, milliseconds: number, failure: string | null): void {
    const name = `${adapter} ${operation}`;
    const entry = this.#entries.get(name) ?? { adapter, operation, calls: 0, failures: {}, milliseconds: 0 };
    this.#entries.set(name, entry);
    entry.calls += 1;
    entry.milliseconds += milliseconds;
    if (failure !== null) entry.failures[failure] = (entry.failures[failure] ?? 0) + 1;
  }

  /** A copy of the counts as they are now. */
  snapshot(): readonly OperationMetrics[] {
    return [...this.#entries.values()].map((entry) => ({ ...entry, failures: { ...entry.failures } }));
  }
}
