/** Remembers what time it was by the server's clock when it answered (RFC 9110 §6.6.1). A middleware of the SDK. */
export class AnswerDate {
  #date: Date | null = null;

  /** Null before the answer, and when the server does not say. */
  get date(): Date | null {
    return this.#date;
  }

  readonly middleware = <Args, Result extends { response: unknown }>(
    next: (args: Args) => Promise<Result>,
  ): ((args: Args) => Promise<Result>) => {
    return async (args) => {
      const result = await next(args);
      const { headers } = result.response as { readonly headers: Readonly<Record<string, string>> };
      const time = Date.parse(headers['date'] ?? '');
      this.#date = Number.isNaN(time) ? null : new Date(time);
      return result;
    };
  };
}
