import type { DataSource } from 'typeorm';

/** How long an answer counts, from the beginning of its reading on. Milliseconds. */
export const RECENT_MS = 500;

/** The most answers that one memory keeps. */
const MAX_ANSWERS = 10_000;

interface RecentAnswer<Answer> {
  readonly answer: Answer;
  readonly untilMs: number;
}

/**
 * Answers that were read a moment ago. What another process has changed is seen {@link RECENT_MS} later at most; what this
 * one has changed is seen at once, since {@link forgetRecent} empties every memory of the database when something was
 * changed, and what was being read at that time is not kept.
 */
export class RecentAnswers<Answer> {
  readonly #answers = new Map<string, RecentAnswer<Answer>>();
  readonly #changes: Changes;
  #seen: number;

  constructor(dataSource: DataSource) {
    this.#changes = changesOf(dataSource);
    this.#seen = this.#changes.count;
  }

  /** An answer that still counts; undefined when there is none. */
  find(question: string): Answer | undefined {
    this.#catchUp();
    const found = this.#answers.get(question);
    if (found === undefined) return undefined;
    if (found.untilMs > performance.now()) return found.answer;
    this.#answers.delete(question);
    return undefined;
  }

  /** Reads an answer and keeps it, unless it is null. */
  async read(question: string, read: () => Promise<Answer>): Promise<Answer> {
    const { count } = this.#changes;
    const untilMs = performance.now() + RECENT_MS;
    const answer = await read();
    if (answer !== null && count === this.#changes.count) this.#keep(question, { answer, untilMs });
    return answer;
  }

  #keep(question: string, recent: RecentAnswer<Answer>): void {
    this.#catchUp();
    this.#answers.delete(question);
    this.#answers.set(question, recent);
    const [oldest] = this.#answers.keys();
    if (this.#answers.size > MAX_ANSWERS && oldest !== undefined) this.#answers.delete(oldest);
  }

  #catchUp(): void {
    if (this.#seen === this.#changes.count) return;
    this.#answers.clear();
    this.#seen = this.#changes.count;
  }
}

/** Something was changed, or may have been: nothing that was read before counts any more in this process. */
export function forgetRecent(dataSource: DataSource): void {
  changesOf(dataSource).count += 1;
}

/** How often something was changed by way of a pool. */
interface Changes {
  count: number;
}

const changes = new WeakMap<DataSource, Changes>();

function changesOf(dataSource: DataSource): Changes {
  const known = changes.get(dataSource);
  if (known !== undefined) return known;
  const none = { count: 0 };
  changes.set(dataSource, none);
  return none;
}
