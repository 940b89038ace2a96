/**
 * One SQL statement with its parameters. `name` must be unique per `text`: PostgreSQL keeps the plan under it on
 * each connection, so that a named statement is parsed and planned once instead of on every call.
 */
export interface Statement {
  readonly name: string;
  readonly text: string;
  readonly values: readonly unknown[];
}

/** What a statement answered. */
export interface StatementResult<Row> {
  readonly rows: Row[];
  /** Rows read or changed. */
  readonly rowCount: number;
}
