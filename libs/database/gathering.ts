import type { ProcessLoad } from './process-load.js';

/** A call that waits to be made, and whoever waits for it. */
interface Waiting<Item, Result> {
  readonly item: Item;
  readonly resolve: (result: Result) => void;
  readonly reject: (error: unknown) => void;
}

/** What belongs together: the calls that wait, and the exchanges under way, those that take long left aside. */
interface Group<Item, Result> {
  waiting: Waiting<Item, Result>[];
  underWay: number;
  overdue: number;
  /** When the last exchange began, by `performance.now()`. */
  beganMs: number;
  /** The next one is to begin a little later: what looks whether it may; null when nothing keeps it. */
  pause: NodeJS.Timeout | null;
}

/** Answers the results of `items`, in their order. When it throws, all of them fail with the same error. */
export type GatheredExchange<Item, Result> = (
  key: string,
  items: readonly Item[],
) => Promise<readonly Result[]>;

/** How long an exchange has others wait for it; one that hangs does not hold up what comes after it. Milliseconds. */
const PATIENCE_MS = 50;

/** The most items of one exchange. */
const MAX_ITEMS = 64;

/** What lies between the beginnings of exchanges while the process is busy. Milliseconds. */
const PACE_MS = 10;

/** Nobody waits for company any longer once there was nothing to do for so long. Milliseconds. */
const IDLE_MS = 0.2;

/** So many do not wait for more: those who come meanwhile have an exchange of their own while these are answered. */
const ENOUGH_ITEMS = 16;

/**
 * Makes one exchange of many calls: those of a key that come in the same turn of the event loop, and those that come
 * while an exchange of that key is under way, go together. A call alone is made at once. An exchange begins after each of
 * its calls was made, so none is answered with what was true before it.
 *
 * `load`, when it is given, tells whether the process has as much to do as it can. Then nobody is answered sooner by many
 * small exchanges, since what they cost is taken from everybody: one that follows another at once waits for company while
 * there is other work, and for a moment at most.
 */
export class Gathering<Item, Result> {
  readonly #groups = new Map<string, Group<Item, Result>>();

  constructor(
    private readonly exchange: GatheredExchange<Item, Result>,
    private readonly load: Pick<ProcessLoad, 'isBusy' | 'idleMs'> | null = null,
  ) {}

  /** Resolves with the result of the item. */
  call(key: string, item: Item): Promise<Result> {
    return new Promise((resolve, reject) => {
      const group = this.#group(key);
      group.waiting.push({ item, resolve, reject });
      const { length } = group.waiting;
      if (length === 1) setImmediate(() => this.#send(key, group));
      // With all that come in the same turn.
      else if (length === ENOUGH_ITEMS && group.pause !== null) setImmediate(() => this.#resume(key, group));
    });
  }

  #group(key: string): Group<Item, Result> {
    const known = this.#groups.get(key);
    if (known !== undefined) return known;
    const group = { waiting: [], underWay: 0, overdue: 0, beganMs: -Infinity, pause: null };
    this.#groups.set(key, group);
    return group;
  }

  #send(key: string, group: Group<Item, Result>): void {
    if (group.pause !== null || (group.underWay === 0 && this.#pauses(key, group))) return;
    if (group.waiting.length > 0 && group.underWay === 0) {
      void this.#exchange(key, group, group.waiting.splice(0, MAX_ITEMS));
    }
    const isOver = group.waiting.length === 0 && group.underWay + group.overdue === 0;
    if (isOver && this.#groups.get(key) === group) this.#groups.delete(key);
  }

  #pauses(key: string, group: Group<Item, Result>): boolean {
    const { load } = this;
    const untilMs = group.beganMs + PACE_MS;
    if (load === null || performance.now() >= untilMs || group.waiting.length >= ENOUGH_ITEMS) return false;
    if (!load.isBusy()) return false;
    const idleBefore = load.idleMs();
    const look = (): void => {
      const goesOn = performance.now() < untilMs && load.idleMs() - idleBefore < IDLE_MS;
      if (goesOn) group.pause = setTimeout(look, 1);
      else this.#resume(key, group);
    };
    group.pause = setTimeout(look, 1);
    return true;
  }

  #resume(key: string, group: Group<Item, Result>): void {
    if (group.pause === null) return;
    clearTimeout(group.pause);
    group.pause = null;
    group.beganMs = -Infinity;
    this.#send(key, group);
  }

  async #exchange(
    key: string,
    group: Group<Item, Result>,
    calls: readonly Waiting<Item, Result>[],
  ): Promise<void> {
    let counted: 'underWay' | 'overdue' = 'underWay';
    group.underWay += 1;
    group.beganMs = performance.now();
    const patience = setTimeout(() => {
      counted = 'overdue';
      group.underWay -= 1;
      group.overdue += 1;
      this.#send(key, group);
    }, PATIENCE_MS);
    await this.#settle(key, calls);
    clearTimeout(patience);
    group[counted] -= 1;
    this.#send(key, group);
  }

  async #settle(key: string, calls: readonly Waiting<Item, Result>[]): Promise<void> {
    try {
      const results = await this.exchange(
        key,
        calls.map(({ item }) => item),
      );
      if (results.length !== calls.length)
        throw new Error('An exchange has answered other calls than it got.');
      calls.forEach(({ resolve }, index) => resolve(results[index] as Result));
    } catch (error) {
      for (const { reject } of calls) reject(error);
    }
  }
}
