import type { StorageClock } from '#storage';

interface Answer {
  readonly statusCode: number;
  readonly headers: Readonly<Record<string, string>>;
}

/** Tells the time of every answer to a clock. A middleware of the SDK. */
export function timedAnswers(clock: StorageClock) {
  return <Args, Result extends { response: unknown }>(next: (args: Args) => Promise<Result>) =>
    async (args: Args): Promise<Result> => {
      const sentAt = Date.now();
      const result = await next(args);
      const { statusCode: status, headers } = result.response as Answer;
      clock.heard({ status, date: headers['date'], age: headers['age'], sentAt, cameAt: Date.now() });
      return result;
    };
}
