const EVERY_MS = 100;
const ERASE_LINE = '\r\u001b[2K';

/** One line of a terminal that says how far something has come; says nothing where there is no terminal. */
export class ProgressLine {
  #next = 0;
  #shown = false;

  constructor(private readonly terminal: NodeJS.WriteStream = process.stderr) {}

  show(text: () => string): void {
    if (!this.terminal.isTTY || performance.now() < this.#next) return;
    this.#next = performance.now() + EVERY_MS;
    this.#shown = true;
    this.terminal.write(`${ERASE_LINE}${text().slice(0, this.terminal.columns - 1)}`);
  }

  /** Takes the line away. */
  end(): void {
    if (this.#shown) this.terminal.write(ERASE_LINE);
    this.#shown = false;
  }
}
