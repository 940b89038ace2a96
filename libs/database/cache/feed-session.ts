import { randomUUID } from 'node:crypto';
import pg from 'pg';

import { RUNTIME_ROLE } from '../data-source.js';
import type { AnswerCache } from './answer-cache.js';

/** What `announce_change` notifies. */
const CHANGES = 'gatehold_changes';
const TIMEOUT_MS = 2_000;
const OPTIONS = `-c role=${RUNTIME_ROLE} -c idle_session_timeout=0 -c synchronous_commit=off`;

/**
 * A connection that listens for changes. PostgreSQL delivers what it is notified of in the order of the commits, so that
 * a notification of one's own that comes back proves that all changes before it have come too: such heartbeats carry numbers,
 * and a number that is missing means that something was lost. A session is good for nothing once it has ended.
 */
export class FeedSession {
  readonly #heartbeats = `gatehold_heartbeats_${randomUUID().replaceAll('-', '')}`;
  readonly #client: pg.Client;
  #sent = 0;
  #sentAtMs = 0;
  #heard = 0;
  #isHeartbeatOut = false;
  #isOpen = false;
  #isOver = false;

  private constructor(
    url: string,
    private readonly cache: AnswerCache,
    private readonly onEnd: (error: Error | null) => void,
  ) {
    this.#client = new pg.Client({
      connectionString: url,
      application_name: 'gatehold changes',
      options: OPTIONS,
      connectionTimeoutMillis: TIMEOUT_MS,
      query_timeout: TIMEOUT_MS,
      keepAlive: true,
    });
    this.#client.on('notification', ({ channel, payload = '' }) => this.#notified(channel, payload));
    this.#client.on('error', (error) => this.#fail(error));
    this.#client.on('end', () => this.#fail(null));
  }

  /** Resolves when every change from now on is heard. `onEnd` is called once after that, when nothing more will be. */
  static async open(
    url: string,
    cache: AnswerCache,
    onEnd: (error: Error | null) => void,
  ): Promise<FeedSession> {
    const session = new FeedSession(url, cache, onEnd);
    try {
      await session.#client.connect();
      await session.#client.query(`LISTEN ${CHANGES}; LISTEN ${session.#heartbeats}`);
      cache.listening();
      await session.heartbeat();
      if (session.#isOver) throw new Error('The connection that listens for changes was lost at once.');
    } catch (error) {
      await session.close();
      throw error;
    }
    session.#isOpen = true;
    return session;
  }

  /** Sends a heartbeat, unless the one before is still on its way. Never rejects. */
  async heartbeat(): Promise<void> {
    if (this.#isHeartbeatOut || this.#isOver) return;
    this.#isHeartbeatOut = true;
    this.#sent += 1;
    this.#sentAtMs = performance.now();
    try {
      await this.#client.query({
        name: 'heartbeat',
        text: HEARTBEAT,
        values: [this.#heartbeats, String(this.#sent)],
      });
    } catch (error) {
      this.#fail(error as Error);
    } finally {
      this.#isHeartbeatOut = false;
    }
  }

  /** Ends the session; {@link open}'s `onEnd` is not called any more. */
  async close(): Promise<void> {
    this.#isOver = true;
    this.cache.lost();
    await this.#client.end().catch(() => undefined);
  }

  #notified(channel: string, payload: string): void {
    if (this.#isOver) return;
    if (channel === CHANGES) this.cache.changed(payload);
    else if (Number(payload) === this.#heard + 1 && this.#sent === this.#heard + 1) {
      this.#heard += 1;
      this.cache.proven(this.#sentAtMs);
    } else this.#fail(new Error(`Heartbeat ${payload} came after heartbeat ${this.#heard}.`));
  }

  #fail(error: Error | null): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.cache.lost();
    // Does not wait for a server that says nothing.
    this.#client.end().catch(() => undefined);
    if (this.#isOpen) this.onEnd(error);
  }
}

const HEARTBEAT = 'SELECT pg_notify($1, $2)';
