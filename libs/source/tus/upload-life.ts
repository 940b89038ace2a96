/**
 * Until when an upload lives that has just been heard of, by its life in seconds: a week from its beginning at most, since
 * parts of multipart uploads that are older may be cleared away as nobody's.
 */
export function lifeFrom(seconds: string): string {
  return `least(now() + ${seconds}::integer * interval '1 second', created_at + interval '7 days')`;
}
