import { CodedError, type ErrorKind } from '#kernel';

const KINDS = {
  requests: { code: 'rate_limited', status: 429, title: 'Too many requests' },
  transfers: { code: 'too_many_transfers', status: 429, title: 'Too many transfers at once' },
  egress: { code: 'egress_exhausted', status: 429, title: 'The egress of the day is used up' },
} as const satisfies Record<string, ErrorKind>;

/** Failures by limits. `policies` are the names that the RateLimit headers give to those that were in the way. */
export const LimitErrors = {
  kinds: KINDS,
  requests: (policies: readonly string[], retryAfterSeconds: number) =>
    refusal(KINDS.requests, 'Too many requests came of late.', policies, retryAfterSeconds),
  transfers: (policies: readonly string[], retryAfterSeconds: number) =>
    refusal(KINDS.transfers, 'Too many transfers are under way.', policies, retryAfterSeconds),
  egress: (policies: readonly string[], retryAfterSeconds: number) =>
    refusal(
      KINDS.egress,
      'This would be more bytes than may be sent in a day (UTC).',
      policies,
      retryAfterSeconds,
    ),
};

function refusal(
  kind: ErrorKind,
  message: string,
  policies: readonly string[],
  retryAfterSeconds: number,
): CodedError {
  return new CodedError(kind, message, { fields: { violated_policies: [...policies] }, retryAfterSeconds });
}
