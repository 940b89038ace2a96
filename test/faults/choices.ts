import { createHash } from 'node:crypto';

import { seeded } from '../support/seeded.js';

/** A stream of choices that a name and a seed decide, and nothing else. */
export class Choices {
  readonly #next: () => number;

  constructor(readonly seed: string) {
    this.#next = seeded(createHash('sha256').update(seed).digest().readUInt32BE(0));
  }

  /** Another stream, so that what one part of a run draws does not shift what another one gets. */
  fork(name: string | number): Choices {
    return new Choices(`${this.seed}/${name}`);
  }

  /** A number in [0, 1). */
  fraction(): number {
    return this.#next();
  }

  /** A whole number in [from, to]. */
  between(from: number, to: number): number {
    return from + Math.floor(this.#next() * (to - from + 1));
  }

  /** True so often. Always draws, so that the stream goes on the same. */
  chance(probability: number): boolean {
    return this.#next() < probability;
  }

  /** One of a list that is not empty. */
  pick<T>(list: readonly T[]): T {
    const picked = list[Math.floor(this.#next() * list.length)];
    if (picked === undefined) throw new Error('There is nothing to choose from.');
    return picked;
  }

  /** One of a list, each as often as its weight says. */
  weighted<T extends { readonly weight: number }>(list: readonly T[]): T {
    let left = this.#next() * list.reduce((sum, { weight }) => sum + weight, 0);
    for (const item of list) {
      left -= item.weight;
      if (left < 0) return item;
    }
    return this.pick(list.slice(-1));
  }

  /** All of a list, in another order. */
  shuffled<T>(list: readonly T[]): T[] {
    return list
      .map((item) => ({ item, place: this.#next() }))
      .sort((one, other) => one.place - other.place)
      .map(({ item }) => item);
  }
}
