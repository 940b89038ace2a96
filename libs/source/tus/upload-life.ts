/**
 * Until when an upload lives that has just been heard of, by its life in seconds: a week from its beginning at most, since
 * parts of multipart uploads that are older may be cleared away as nobody's.
 */
export function lifeFrom(seconds: string): string {
  return `least(now() + ${seconds}::integer * interval '1 second', created_at + interval '7 days')`;
}

/**
 * By how much a tail outlives its upload: more than a statement may take (15 s), so that an upload which was taken in its
 * last moment still has its tails.
 */
export const TAIL_MARGIN = "interval '20 seconds'";
