import type { AnswerCache } from './answer-cache.js';
import { FeedSession } from './feed-session.js';

/** How often it is proven that nothing was missed, and tried to listen again. Milliseconds. */
const HEARTBEAT_MS = 250;

/** Where the feed tells what an operator should know. */
interface FeedLog {
  info(message: string, details?: Record<string, unknown>): void;
  warn(message: string, details?: Record<string, unknown>): void;
}

/**
 * Keeps a cache up to date: listens for the changes of every gateway on the database, and begins again when the connection
 * is lost. Meanwhile the cache answers nothing, and everything is read.
 */
export class ChangeFeed {
  #session: FeedSession | null = null;
  #opening: Promise<void> | null = null;
  #timer: NodeJS.Timeout | undefined;
  #isAway = false;
  #isClosed = false;

  private constructor(
    private readonly url: string,
    private readonly cache: AnswerCache,
    private readonly log: FeedLog,
  ) {}

  /** Resolves when it listens, or the first attempt has failed: others follow. */
  static async start(url: string, cache: AnswerCache, log: FeedLog): Promise<ChangeFeed> {
    const feed = new ChangeFeed(url, cache, log);
    await feed.#open();
    feed.#timer = setInterval(() => feed.#tick(), HEARTBEAT_MS);
    return feed;
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    clearInterval(this.#timer);
    await this.#opening;
    await this.#session?.close();
  }

  #tick(): void {
    if (this.#session === null) void this.#open();
    else void this.#session.heartbeat();
  }

  #open(): Promise<void> {
    this.#opening ??= this.#tryOpen().finally(() => (this.#opening = null));
    return this.#opening;
  }

  async #tryOpen(): Promise<void> {
    try {
      const session = await FeedSession.open(this.url, this.cache, (error) => this.#ended(error));
      this.#session = session;
      if (this.#isAway) this.log.info('changes are heard of again, and answers are kept');
      this.#isAway = false;
    } catch (error) {
      this.#tellAway(error);
    }
  }

  #ended(error: Error | null): void {
    this.#session = null;
    this.#tellAway(error);
  }

  #tellAway(error: unknown): void {
    if (!this.#isAway && !this.#isClosed)
      this.log.warn('changes of other gateways are not heard of: everything is read from the database', {
        err: error,
      });
    this.#isAway = true;
  }
}
