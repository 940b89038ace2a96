import { AsyncLocalStorage } from 'node:async_hooks';

/**
 * Something that is known to whatever a piece of work does, however deep. While no such work is under way it costs nothing:
 * on Node.js 20 a storage that was used once makes every promise of the process dearer, of requests too that only read, so
 * it is taken out of use with the end of the last work.
 */
export class Ambient<T> {
  readonly #storage = new AsyncLocalStorage<T>();
  #underWay = 0;

  /** What the caller is inside of; undefined when there is nothing. What goes on after the end of its work may see either. */
  now(): T | undefined {
    return this.#storage.getStore();
  }

  /** Runs `work`, and what it does until it settles, inside of `value`. */
  async within<R>(value: T, work: () => R | Promise<R>): Promise<R> {
    const end = this.begin();
    try {
      return await this.#storage.run(value, work);
    } finally {
      end();
    }
  }

  /** Runs `work` inside of `value`, within work that has not ended: only for that does it hold. */
  nested<R>(value: T, work: () => R): R {
    return this.#storage.run(value, work);
  }

  /** Says that work is under way until the function that comes back is called; further calls of that do nothing. */
  begin(): () => void {
    this.#underWay += 1;
    let isOver = false;
    return () => {
      if (isOver) return;
      isOver = true;
      this.#underWay -= 1;
      if (this.#underWay === 0) this.#storage.disable();
    };
  }
}
