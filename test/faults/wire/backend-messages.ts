const COMMAND_COMPLETE = 0x43;
const READY_FOR_QUERY = 0x5a;
const IDLE = 0x49;
const HEADER = 5;

/**
 * Reads the messages of a server (PostgreSQL's protocol, version 3: a type, a length, a body) as they pass in whatever
 * pieces they come, and tells when a transaction that changed rows has been committed.
 */
export class BackendMessages {
  #rest = Buffer.alloc(0);
  #wrote = false;

  /** True when the end of such a transaction is in this piece. */
  push(piece: Buffer): boolean {
    let bytes = this.#rest.length === 0 ? piece : Buffer.concat([this.#rest, piece]);
    let committed = false;
    while (bytes.length >= HEADER) {
      const length = 1 + bytes.readUInt32BE(1);
      if (bytes.length < length) break;
      if (this.#take(bytes[0] ?? 0, bytes.subarray(HEADER, length))) committed = true;
      bytes = bytes.subarray(length);
    }
    this.#rest = Buffer.from(bytes);
    return committed;
  }

  #take(type: number, body: Buffer): boolean {
    if (type === READY_FOR_QUERY && body[0] === IDLE) return this.#finish(this.#wrote);
    if (type !== COMMAND_COMPLETE) return false;
    const tag = body.toString('latin1', 0, body.length - 1);
    if (/^(?:INSERT 0|UPDATE|DELETE|MERGE) [1-9]/.test(tag)) this.#wrote = true;
    if (tag === 'COMMIT') return this.#finish(this.#wrote);
    if (tag === 'ROLLBACK') this.#wrote = false;
    return false;
  }

  #finish(wrote: boolean): boolean {
    this.#wrote = false;
    return wrote;
  }
}
