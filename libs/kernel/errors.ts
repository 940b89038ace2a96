/**
 * One kind of failure a caller can meet: a stable machine-readable `code`, the HTTP status that carries it
 * and a human title that never varies (RFC 9457 §3.1). Kinds are declared once, in a feature's `x.errors.ts`.
 */
export interface ErrorKind {
  readonly code: string;
  readonly status: number;
  readonly title: string;
}

/** What may accompany a {@link CodedError}; none of it but `fields` and `retryAfterSeconds` is shown to callers. */
export interface CodedErrorOptions {
  /** The failure underneath; logged, never rendered. */
  readonly cause?: unknown;
  /** Extension members of the problem document (RFC 9457 §3.2), for example the offending values' names. */
  readonly fields?: Readonly<Record<string, unknown>>;
  /** Whole seconds after which a repeat may succeed; rendered as `Retry-After`. */
  readonly retryAfterSeconds?: number;
}

/** A failure with a stable code. `message` is safe to show: it never holds secrets, paths, SQL or foreign ids. */
export class CodedError extends Error {
  readonly kind: ErrorKind;
  readonly fields: Readonly<Record<string, unknown>>;
  readonly retryAfterSeconds: number | undefined;

  constructor(kind: ErrorKind, message: string, options: CodedErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'CodedError';
    this.kind = kind;
    this.fields = options.fields ?? {};
    this.retryAfterSeconds = options.retryAfterSeconds;
  }

  /** True when `error` is a coded error of this very kind. */
  static is(error: unknown, kind: ErrorKind): error is CodedError {
    return error instanceof CodedError && error.kind.code === kind.code;
  }
}

/** Kinds that any layer may raise. */
export const CommonErrors = {
  unparsable: { code: 'malformed_request', status: 400, title: 'The request cannot be parsed' },
  invalid: { code: 'validation_failed', status: 422, title: 'A value is not acceptable' },
  payloadTooLarge: { code: 'payload_too_large', status: 413, title: 'The body is too large' },
  unavailable: { code: 'unavailable', status: 503, title: 'Temporarily unavailable' },
  internal: { code: 'internal_error', status: 500, title: 'Internal error' },
} as const satisfies Record<string, ErrorKind>;
