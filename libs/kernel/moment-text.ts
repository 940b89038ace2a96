let [lastMs, lastText] = [NaN, ''];

/** A moment as RFC 3339 says it, in UTC to the millisecond: as `toISOString`, but made once where one follows the other. */
export function momentText(moment: Date): string {
  const ms = moment.getTime();
  if (ms !== lastMs) [lastMs, lastText] = [ms, moment.toISOString()];
  return lastText;
}

/** Makes dates of whole seconds since 1970, of which those that follow each other are one. Nobody may change them. */
export class SecondDates {
  #seconds = NaN;
  #date = new Date(NaN);

  at(seconds: number): Date {
    if (seconds !== this.#seconds) {
      this.#seconds = seconds;
      this.#date = new Date(seconds * 1000);
    }
    return this.#date;
  }
}
