/** What is known already, as most of what is cached, or will be. */
export type MaybePromise<T> = T | Promise<T>;

/**
 * Goes on with a value: at once where it is known, which spares every request a promise and a turn of the microtask queue
 * for each step, and once it is where it is not. What `next` throws is thrown at once or rejects, accordingly.
 */
export function andThen<T, R>(value: MaybePromise<T>, next: (value: T) => MaybePromise<R>): MaybePromise<R> {
  return value instanceof Promise ? value.then(next) : next(value);
}
