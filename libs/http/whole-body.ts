import { CodedError, CommonErrors } from '#kernel';
import type { IncomingMessage } from 'node:http';
import type { Readable } from 'node:stream';

import { whenTooSlow } from './body-pace.js';

/** What a body is held to. */
export interface BodyBound {
  /** The request whose pace is watched. */
  readonly watched: IncomingMessage;
  readonly maxBytes: number;
  /** What is said of a larger one. */
  readonly tooLarge: () => CodedError;
}

/** Takes all bytes, or why there are not all of them. Called once. */
export type BytesTaker = (error: CodedError | null, bytes: Buffer) => void;

const NOTHING = Buffer.alloc(0);

/**
 * All bytes of a body. A refusal leaves the stream as it stands: destroying it would take the socket away before the answer
 * is sent. By its events and not by its iterator, which costs as much as all the rest that is done with a small body.
 */
export function takeWhole(payload: Readable, bound: BodyBound, done: BytesTaker): void {
  if (payload.readableEnded) done(null, NOTHING);
  else if (payload.destroyed) done(brokenOff(payload.errored), NOTHING);
  else new WholeBody(payload, bound, done).begin();
}

class WholeBody {
  /** Most bodies come in one piece. */
  private first: Buffer = NOTHING;
  private others: Buffer[] | null = null;
  private size = 0;
  private isOver = false;
  private unwatch: (() => void) | null = null;

  constructor(
    private readonly payload: Readable,
    private readonly bound: BodyBound,
    private readonly done: BytesTaker,
  ) {}

  /** The listeners stay when all is over: they go with the stream, and to take them back costs more than they do. */
  begin(): void {
    const { payload } = this;
    const breakOff = (cause?: unknown): void => {
      if (!this.isOver) this.refuse(brokenOff(cause));
    };
    this.unwatch = whenTooSlow(this.bound.watched, (error) => this.refuse(error));
    payload
      .on('data', (chunk: Buffer) => this.take(chunk))
      .on('end', () => this.finish())
      .on('error', breakOff)
      .on('close', breakOff);
  }

  private take(chunk: Buffer): void {
    if (this.isOver) return;
    this.size += chunk.length;
    if (this.size > this.bound.maxBytes) this.refuse(this.bound.tooLarge());
    else if (this.first.length === 0) this.first = chunk;
    else (this.others ??= []).push(chunk);
  }

  private finish(): void {
    if (this.isOver) return;
    this.stop();
    this.done(null, this.others === null ? this.first : Buffer.concat([this.first, ...this.others]));
  }

  private refuse(error: CodedError): void {
    if (this.isOver) return;
    this.stop();
    this.payload.pause();
    this.done(error, NOTHING);
  }

  private stop(): void {
    this.isOver = true;
    this.unwatch?.();
  }
}

/** The client's doing, so that it is not logged as a fault of the gateway. */
function brokenOff(cause: unknown): CodedError {
  return new CodedError(CommonErrors.unparsable, 'The body ended before it was complete.', { cause });
}
