import type { DataSource } from 'typeorm';

import { sizeOf } from './answer-size.js';
import { Doorkeeper } from './doorkeeper.js';
import { RecentChanges } from './recent-changes.js';

/** How long after the last proof that nothing was missed an answer still counts. Milliseconds. */
export const FRESH_MS = 750;

/** What an entry takes beside its answer: the entry, its places in two maps and in the sets of what it depends on. Bytes. */
const ENTRY = 520;
/** The part of the cache that one answer may take at most. */
const LARGEST = 1 / 16;

/**
 * The part of the cache that is made room in at a time. To find the first entry of a set is to pass by the places of all that
 * have gone before it, which for each new one took as long as all else that is done to keep it.
 */
const ROOM = 1 / 64;

/** What a cached answer is about: `tenant <id>`, `source <tenant> <id>` and so on, as `announce_change` says it. */
export type CacheTag = string;

interface Entry {
  /** The answers of its kind, which it is one of, by their questions. */
  readonly kind: Map<string, Entry>;
  readonly key: string;
  readonly answer: unknown;
  readonly tags: readonly CacheTag[];
  readonly bytes: number;
  readonly untilMs: number;
  isUsed: boolean;
}

/** How a cache is at a moment. */
export interface CacheCounts {
  readonly entries: number;
  readonly bytes: number;
  readonly hits: number;
  readonly misses: number;
  /** Proofs that no change was missed, since the process began. */
  readonly heartbeats: number;
}

/**
 * Answers of the database, each kept until something that it depends on changes. It hears of changes from two sides: of
 * this process's own before they are acknowledged (`ownChanges`), of all others from the change feed, which also proves
 * again and again that nothing was missed. Without a proof in the last {@link FRESH_MS} nothing is answered from here, and
 * while nobody listens nothing is kept. Bounded in bytes: what has not been asked for since it was last looked at goes first,
 * and once it is full only what is asked for again is let in. Somebody who goes through everything, once, would otherwise
 * drive out what others ask for all the time, and the memory for it would be taken and given back with each request.
 */
export class AnswerCache {
  /** By kind and question: a text of both would have to be put together for every look. */
  readonly #kinds = new Map<string, Map<string, Entry>>();
  /** All of them, the first to be looked at first. */
  readonly #entries = new Set<Entry>();
  /** Most things have one answer about them, for which a set of its own would take more than itself. */
  readonly #byTag = new Map<CacheTag, Entry | Set<Entry>>();
  readonly #changes = new RecentChanges();
  readonly #doorkeeper = new Doorkeeper();
  #maxBytes = 0;
  #bytes = 0;
  #hits = 0;
  #misses = 0;
  #heartbeats = 0;
  #provenAtMs = -Infinity;
  #isListening = false;

  counts(): CacheCounts {
    const { size: entries } = this.#entries;
    return {
      entries,
      bytes: this.#bytes,
      hits: this.#hits,
      misses: this.#misses,
      heartbeats: this.#heartbeats,
    };
  }

  /** Sets the bound; 0 keeps nothing. */
  limit(maxBytes: number): void {
    this.#maxBytes = maxBytes;
    this.#evict();
  }

  /** The answer to a question, of its kind; undefined when there is none that counts. */
  find(key: string, kind = ''): unknown {
    const entry = this.#kinds.get(kind)?.get(key);
    const nowMs = performance.now();
    if (entry === undefined || nowMs >= entry.untilMs || nowMs - this.#provenAtMs > FRESH_MS) {
      this.#misses += 1;
      return undefined;
    }
    this.#hits += 1;
    entry.isUsed = true;
    return entry.answer;
  }

  /** To be taken before an answer is read, and given to {@link keep} with it. */
  mark(): number {
    return this.#changes.count;
  }

  /**
   * Keeps an answer that was read after `mark`, until `untilMs` (`performance.now()`), unless something that it depends on
   * has changed since: whether it was read before or after that nobody knows.
   */
  keep(
    key: string,
    answer: unknown,
    tags: readonly CacheTag[],
    mark: number,
    { untilMs = Infinity, kind = '' }: { readonly untilMs?: number; readonly kind?: string } = {},
  ): void {
    if (!this.#isListening || untilMs <= performance.now() || this.#changes.concern(tags, mark)) return;
    const ofKind = this.#ofKind(kind);
    const before = ofKind.get(key);
    if (before === undefined && this.#isFull() && !this.#doorkeeper.hasSeen(key)) return;
    const bytes = ENTRY + 2 * key.length + sizeOf(answer);
    if (bytes > this.#maxBytes * LARGEST) return;
    this.#drop(before);
    const entry: Entry = { kind: ofKind, key, answer, tags, bytes, untilMs, isUsed: false };
    ofKind.set(key, entry);
    this.#entries.add(entry);
    for (const tag of tags) this.#note(tag, entry);
    this.#bytes += bytes;
    this.#evict();
  }

  /** Something has changed: what depends on it counts no longer, nor does what is being read. */
  changed(tag: CacheTag): void {
    this.#changes.add(tag);
    const about = this.#byTag.get(tag);
    if (about instanceof Set) for (const entry of about) this.#drop(entry);
    else this.#drop(about);
  }

  /** Somebody listens from now on. Whatever was read before may be outdated. */
  listening(): void {
    this.#forgetAll();
    this.#isListening = true;
  }

  /** By what was sent at that time (`performance.now()`), every change that was committed before it has been heard of. */
  proven(atMs: number): void {
    this.#heartbeats += 1;
    this.#provenAtMs = atMs;
  }

  /** Nobody listens any more, or something was missed. */
  lost(): void {
    this.#isListening = false;
    this.#provenAtMs = -Infinity;
    this.#forgetAll();
  }

  /** There is no more room than what is made at a time. */
  #isFull(): boolean {
    return this.#bytes >= this.#maxBytes * (1 - 2 * ROOM);
  }

  #forgetAll(): void {
    this.#changes.addAll();
    this.#entries.clear();
    for (const ofKind of this.#kinds.values()) ofKind.clear();
    this.#byTag.clear();
    this.#bytes = 0;
  }

  #ofKind(name: string): Map<string, Entry> {
    const known = this.#kinds.get(name);
    if (known !== undefined) return known;
    const none = new Map<string, Entry>();
    this.#kinds.set(name, none);
    return none;
  }

  #note(tag: CacheTag, entry: Entry): void {
    const about = this.#byTag.get(tag);
    if (about === undefined) this.#byTag.set(tag, entry);
    else if (about instanceof Set) about.add(entry);
    else this.#byTag.set(tag, new Set([about, entry]));
  }

  #drop(entry: Entry | undefined): void {
    if (entry === undefined) return;
    this.#entries.delete(entry);
    entry.kind.delete(entry.key);
    this.#bytes -= entry.bytes;
    for (const tag of entry.tags) {
      const about = this.#byTag.get(tag);
      if (about instanceof Set) about.delete(entry);
      if (about === entry || (about instanceof Set && about.size === 0)) this.#byTag.delete(tag);
    }
  }

  /** Second chance: the oldest goes, unless it was asked for meanwhile, which makes it the youngest. */
  #evict(): void {
    if (this.#bytes <= this.#maxBytes) return;
    const enough = this.#maxBytes * (1 - ROOM);
    for (const entry of this.#entries) {
      if (this.#bytes <= enough) return;
      if (entry.isUsed) {
        entry.isUsed = false;
        this.#entries.delete(entry);
        this.#entries.add(entry);
      } else this.#drop(entry);
    }
  }
}

const caches = new WeakMap<DataSource, AnswerCache>();

/** The cache of what is read by way of a pool. It keeps nothing until a change feed listens for it. */
export function cacheOf(dataSource: DataSource): AnswerCache {
  const known = caches.get(dataSource);
  if (known !== undefined) return known;
  const cache = new AnswerCache();
  caches.set(dataSource, cache);
  return cache;
}
