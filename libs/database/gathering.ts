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
  /** The next one is to begin a little later. */
  isPaused: boolean;
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

/** What lies between the beginnings of exchanges of many, while the process is busy. Milliseconds. */
const PACE_MS = 10;

/** So many do not wait for more. */
const ENOUGH_ITEMS = 32;

/**
 * Makes one exchange of many calls: those of a key that come in the same turn of the event loop, and those that come
 * while an exchange of that key is under way, go together. A call alone is made at once. An exchange begins after each of
 * its calls was made, so none is answered with what was true before it.
 *
 * `isBusy`: whether the process has more to do than it can do. Then nobody is answered sooner by many small exchanges, since
 * what they cost is taken from everybody, so one that follows another at once waits for company for a moment.
 */
export class Gathering<Item, Result> {
  readonly #groups = new Map<string, Group<Item, Result>>();

  constructor(
    private readonly exchange: GatheredExchange<Item, Result>,
    private readonly isBusy: () => boolean = () => false,
  ) {}

  /** Resolves with the result of the item. */
  call(key: string, item: Item): Promise<Result> {
    return new Promise((resolve, reject) => {
      const group = this.#group(key);
      group.waiting.push({ item, resolve, reject });
      if (group.waiting.length === 1) setImmediate(() => this.#send(key, group));
    });
  }

  #group(key: string): Group<Item, Result> {
    const known = this.#groups.get(key);
    if (known !== undefined) return known;
    const group = { waiting: [], underWay: 0, overdue: 0, beganMs: -Infinity, isPaused: false };
    this.#groups.set(key, group);
    return group;
  }

  #send(key: string, group: Group<Item, Result>): void {
    if (group.isPaused || (group.underWay === 0 && this.#pauses(key, group))) return;
    if (group.waiting.length > 0 && group.underWay === 0) {
      void this.#exchange(key, group, group.waiting.splice(0, MAX_ITEMS));
    }
    const isOver = group.waiting.length === 0 && group.underWay + group.overdue === 0;
    if (isOver && this.#groups.get(key) === group) this.#groups.delete(key);
  }

  #pauses(key: string, group: Group<Item, Result>): boolean {
    const leftMs = group.beganMs + PACE_MS - performance.now();
    if (leftMs <= 0 || group.waiting.length >= ENOUGH_ITEMS || !this.isBusy()) return false;
    group.isPaused = true;
    setTimeout(() => {
      group.isPaused = false;
      group.beganMs = -Infinity;
      this.#send(key, group);
    }, leftMs);
    return true;
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
