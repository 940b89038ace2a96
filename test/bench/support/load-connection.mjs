/** A connection that sends a request as soon as the one before is answered (HTTP/1.1, RFC 9112). */
import { connect } from 'node:net';

const READ_BYTES = 65_536;
const LENGTH = /\r\ncontent-length: *(\d+)\r\n/i;

export class LoadConnection {
  #head = '';
  /** How much of a body is still to come; null while that is not known. */
  #missing = null;
  #beganAt = 0;

  /**
   * `nextRequest` answers the whole text of a request. `onAnswer` is told of an answer, of its status and how many
   * milliseconds it took, and says whether there is to be another; `onRest`, that there is none; `onFailure`, why there can
   * be none.
   */
  constructor({ hostname, port }, { nextRequest, onAnswer, onRest, onFailure }) {
    this.nextRequest = nextRequest;
    this.onAnswer = onAnswer;
    this.onRest = onRest;
    this.onFailure = onFailure;
    // One buffer for all that comes: nothing of a body is kept.
    const onread = {
      buffer: Buffer.allocUnsafe(READ_BYTES),
      callback: (size, read) => this.#take(size, read),
    };
    this.socket = connect({ host: hostname, port: Number(port), noDelay: true, onread });
    this.socket.on('error', (error) => this.onFailure(error.message));
    this.socket.on('close', () => this.onFailure('closed'));
  }

  /** Sends the first request. */
  send() {
    this.#beganAt = performance.now();
    this.socket.write(this.nextRequest(), 'latin1');
  }

  #take(size, read) {
    if (this.#missing === null) this.#takeHead(read.latin1Slice(0, size));
    else this.#missing -= size;
    if (this.#missing === 0) this.#end();
    else if (this.#missing < 0) this.onFailure('more than an answer');
    return true;
  }

  #takeHead(text) {
    this.#head += text;
    const end = this.#head.indexOf('\r\n\r\n');
    if (end < 0) return;
    const length = LENGTH.exec(this.#head);
    if (length === null) this.onFailure(`no length: ${this.#head.slice(0, end)}`);
    else this.#missing = Number(length[1]) - (this.#head.length - end - 4);
  }

  #end() {
    const status = Number(this.#head.slice(9, 12));
    this.#head = '';
    this.#missing = null;
    if (this.onAnswer(status, performance.now() - this.#beganAt)) this.send();
    else this.onRest();
  }
}
