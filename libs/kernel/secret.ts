import { inspect } from 'node:util';

const REDACTED = '[secret]';

/** A value that must not be printed: every way of turning it into text yields the same few letters. Use {@link reveal}. */
export class Secret<T = string> {
  readonly #value: T;

  constructor(value: T) {
    this.#value = value;
  }

  /** The value itself; the one deliberate way to it. */
  reveal(): T {
    return this.#value;
  }

  toString(): string {
    return REDACTED;
  }

  toJSON(): string {
    return REDACTED;
  }

  [inspect.custom](): string {
    return REDACTED;
  }
}
