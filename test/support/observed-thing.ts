/** What another gateway than the one that took a change may take to see it (DESIGN.md §7). Milliseconds. */
const STALE_MS = 1_000;

/** One of several gateways, by its place among them. */
export type Place = number;

interface State<Value> {
  readonly value: Value;
  readonly at: Place;
  readonly began: number;
  /** Infinity until it is acknowledged. */
  acknowledged: number;
}

/** A request that looked at something, from `began` to `ended` (`performance.now()`). */
export interface Look {
  readonly at: Place;
  readonly began: number;
  readonly ended: number;
}

/**
 * Something that is changed through one of several gateways and looked at through all of them: which of the values that it
 * has had may be seen where and when. A change may be seen from its beginning on. Once it is acknowledged, nothing before
 * it may be seen any more by who asks the same gateway, nor by who asks another a second later.
 */
export class ObservedThing<Value> {
  readonly #states: State<Value>[];

  constructor(first: Value) {
    this.#states = [{ value: first, at: 0, began: -Infinity, acknowledged: -Infinity }];
  }

  /** The value of the last change that was made. */
  get last(): Value {
    const last = this.#states.at(-1) as State<Value>;
    return last.value;
  }

  /** Makes a change; one follows the other. */
  async change(value: Value, at: Place, make: () => Promise<unknown>): Promise<void> {
    const state: State<Value> = { value, at, began: performance.now(), acknowledged: Infinity };
    this.#states.push(state);
    await make();
    state.acknowledged = performance.now();
  }

  /** What may have been seen. */
  possible({ at, began, ended }: Look): Value[] {
    const isOverruled = (state: State<Value>): boolean =>
      this.#states.some(
        (later) =>
          this.#states.indexOf(later) > this.#states.indexOf(state) &&
          later.acknowledged < (later.at === at ? began : began - STALE_MS),
      );
    return this.#states
      .filter((state) => state.began < ended && !isOverruled(state))
      .map(({ value }) => value);
  }
}
