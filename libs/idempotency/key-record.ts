/** How long an answer is kept. */
export const DAYS_KEPT = 1;

/** What is known of a key that is not over. */
export interface KeyRecord {
  /** Of the request that was answered; null while it is under way. */
  readonly fingerprint: Buffer | null;
  readonly sealedAnswer: Buffer | null;
  /** Until it is over, rounded up. */
  readonly secondsLeft: number;
}

/** What a request that has succeeded leaves. */
export interface NewRecord {
  readonly fingerprint: Buffer;
  readonly sealedAnswer: Buffer;
}
