import type { MaybePromise } from '#kernel';

import { assertGiven } from '../given.js';
import type { AnswerCache, CacheTag } from './answer-cache.js';

/** A kind of answer that is worth keeping, and what it depends on. */
export interface CacheableQuery<Question extends readonly unknown[], Answer> {
  /** Tells this kind from all others. */
  readonly name: string;
  /** Tells questions apart. Questions that are told apart by nothing else than this may not have different answers. */
  readonly key: (...question: Question) => string;
  readonly read: (...question: Question) => Promise<Answer>;
  /** What may not change for the answer to go on counting; null when it is not to be kept. Never asked about null. */
  readonly dependsOn: (answer: NonNullable<Answer>) => readonly CacheTag[] | null;
  /** For how long it counts at most, from before it was read on, in milliseconds; for as long as nothing changes when absent. */
  readonly lastsMs?: (answer: NonNullable<Answer>) => number;
  /** Those who ask at the same moment share a reading already, and need not be brought together. */
  readonly isGathered?: boolean;
}

/** Asks for what may be cached. */
export interface CachedQuery<Question extends readonly unknown[], Answer> {
  /** At once what is kept. Null never is. Nobody may change an answer. */
  (...question: Question): MaybePromise<Answer>;
  /** Reads, whatever is kept: for who is about to decide a change by it, or has reason to doubt it. */
  readonly fresh: (...question: Question) => Promise<Answer>;
}

/** What caching works with. */
interface Recall<Question extends readonly unknown[], Answer> {
  readonly cache: AnswerCache;
  /** Whether the caller is inside a transaction, which may see what nobody else does: then everything is read in it. */
  readonly isInTransaction: () => boolean;
  readonly read: (key: string, question: Question) => Promise<Answer>;
}

/** Answers from the cache what is there, and reads and keeps what is not. */
export function cachedQuery<Question extends readonly unknown[], Answer>(
  query: CacheableQuery<Question, Answer>,
  { cache, isInTransaction, read }: Recall<Question, Answer>,
): CachedQuery<Question, Answer> {
  const readAndKeep = async (key: string, question: Question): Promise<Answer> => {
    assertGiven(question);
    if (isInTransaction()) return await query.read(...question);
    const mark = cache.mark();
    const askedAtMs = performance.now();
    const answer = await read(`${query.name} ${key}`, question);
    if (answer === null || answer === undefined) return answer;
    const tags = query.dependsOn(answer);
    const untilMs = askedAtMs + (query.lastsMs?.(answer) ?? Infinity);
    if (tags !== null) cache.keep(key, answer, tags, mark, { untilMs, kind: query.name });
    return answer;
  };
  const recall = (...question: Question): MaybePromise<Answer> => {
    const key = query.key(...question);
    const found = isInTransaction() ? undefined : cache.find(key, query.name);
    return found === undefined ? readAndKeep(key, question) : (found as Answer);
  };
  return Object.assign(recall, {
    fresh: (...question: Question) => readAndKeep(query.key(...question), question),
  });
}

/** What changes of a tenant itself, its tokens, sub-tenants, keys, marks and bindings are announced as. */
export const tenantTag = (tenantId: string): CacheTag => `tenant ${tenantId}`;
/** One source. */
export const sourceTag = (tenantId: string, sourceId: string): CacheTag => `source ${tenantId} ${sourceId}`;
/** One managed link. */
export const linkTag = (tenantId: string, linkId: string): CacheTag => `link ${tenantId} ${linkId}`;
/** The platform's own tokens and bindings. */
export const PLATFORM_TAG: CacheTag = 'platform';
