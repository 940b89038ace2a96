/** Work that a process does beside answering requests, again and again. */
export interface Job {
  /** For the log. */
  readonly name: string;
  /** Milliseconds from one look for work to the next. */
  readonly everyMs: number;
  /**
   * Does a bounded piece of work, and answers whether there is more to do at once. Never runs twice at a time in one
   * process, but in any number of processes: what must not be done twice is leased through the database. Ends soon after
   * the signal has fired. What it throws is logged, and tried again at the next look.
   */
  run(signal: AbortSignal): Promise<boolean>;
}
