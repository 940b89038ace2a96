/**
 * Another live gateway holds this data folder. Nothing was changed: stop the other gateway, give this one a
 * folder of its own (GATEHOLD_DATA_DIR), or let both use one server (DATABASE_URL).
 */
export class EmbeddedPostgresInUseError extends Error {
  constructor(dataDir: string, detail: string) {
    super(
      `The embedded database under ${dataDir} is in use: ${detail}. Stop that one first, or give this gateway ` +
        'a data folder of its own with GATEHOLD_DATA_DIR, or a shared PostgreSQL server with DATABASE_URL.',
    );
    this.name = 'EmbeddedPostgresInUseError';
  }
}

/**
 * The embedded database cannot be made, started or kept running. The message is for an operator: it says what
 * failed and what to do, and ends with the last lines of the server's own log where there are any.
 */
export class EmbeddedPostgresError extends Error {
  constructor(message: string, options: { cause?: unknown; serverLog?: string } = {}) {
    const tail = options.serverLog?.trim();
    super(tail ? `${message}\nLast lines of the server's log:\n${tail}` : message, { cause: options.cause });
    this.name = 'EmbeddedPostgresError';
  }
}
