import { CodedError } from '#kernel';
import type { FastifyInstance } from 'fastify';
import type { IncomingMessage } from 'node:http';

import { HttpErrors } from './http-errors.js';
import { hasBody } from './unread-bodies.js';

/** How slowly a request body may arrive. */
export interface MinimumRate {
  /** Least bytes per second, as they come over the wire: a chunked body's framing counts. */
  readonly bytesPerSecond: number;
  /** Time over which the rate is averaged; only time spent waiting for the client counts. */
  readonly windowMs: number;
}

/** How often a window looks whether the gateway is waiting. */
const LOOKS = 10;

/** A request whose body has a pace. A field of its own: to find it in a map would cost more than to read a small body. */
interface PacedRequest extends IncomingMessage {
  [PACE]?: BodyPace;
}
const PACE = Symbol('pace');

/** Called with a `request_timeout` when a body comes too slowly. */
type OnTooSlow = (error: CodedError) => void;

/** Looks at all bodies that are waited for, ten times in a window: a timer of its own for each costs more than a small body. */
class BodyClock {
  private readonly running = new Set<BodyPace>();
  private timer: NodeJS.Timeout | null = null;

  constructor(readonly rate: MinimumRate) {}

  add(pace: BodyPace): void {
    this.running.add(pace);
    this.timer ??= setInterval(() => this.look(), this.rate.windowMs / LOOKS).unref();
  }

  delete(pace: BodyPace): void {
    this.running.delete(pace);
  }

  private look(): void {
    for (const pace of this.running) pace.look();
    if (this.running.size > 0 || this.timer === null) return;
    clearInterval(this.timer);
    this.timer = null;
  }
}

/**
 * Watches how fast one body arrives. There is no limit on the whole time, since a large file over a slow line is no
 * attack; a body that drips is one. Time counts while nothing that has arrived is left to read, for then the client
 * alone is waited for: a slow disk fills the buffer, and stops the clock. A late look counts as one look, so that a
 * gateway that is busy does not blame the client for it.
 */
class BodyPace {
  private waiting: readonly OnTooSlow[] = [];
  private failure: CodedError | null = null;
  private controller: AbortController | null = null;
  private isRunning = false;
  /** Whole looks; the first one comes at any time within one. */
  private looks = -1;
  private bytesBefore = 0;

  constructor(
    private readonly request: IncomingMessage,
    private readonly clock: BodyClock,
  ) {}

  /** Aborts, with a `request_timeout` as its reason, when the body comes too slowly. */
  get signal(): AbortSignal {
    if (this.controller === null) {
      const controller = (this.controller = new AbortController());
      if (this.failure === null) this.waiting = [...this.waiting, (error) => controller.abort(error)];
      else controller.abort(this.failure);
    }
    return this.controller.signal;
  }

  /**
   * Calls back when the body comes too slowly, unless the function that comes back was called before. Once nobody waits any
   * more the clock stops: it would keep the request in memory.
   */
  whenTooSlow(fail: OnTooSlow): () => void {
    const { failure } = this;
    if (failure === null) this.waiting = [...this.waiting, fail];
    else queueMicrotask(() => fail(failure));
    return () => {
      this.waiting = this.waiting.filter((other) => other !== fail);
      if (this.waiting.length === 0) this.stop();
    };
  }

  start(): void {
    if (this.isRunning || this.request.complete) return;
    this.isRunning = true;
    this.bytesBefore = this.request.socket.bytesRead;
    this.clock.add(this);
  }

  /** Takes what has come since the last look into account. */
  look(): void {
    const { request, clock } = this;
    if (request.complete || request.destroyed) this.stop();
    if (request.complete || request.destroyed || request.readableLength > 0) return;
    this.looks += 1;
    if (this.looks < LOOKS) return;
    const { bytesRead } = request.socket;
    const needed = (clock.rate.bytesPerSecond * clock.rate.windowMs) / 1000;
    if (bytesRead - this.bytesBefore < needed)
      this.fail(new CodedError(HttpErrors.timeout, 'The body came too slowly.'));
    this.looks = 0;
    this.bytesBefore = bytesRead;
  }

  private fail(failure: CodedError): void {
    this.stop();
    this.failure = failure;
    for (const fail of this.waiting) fail(failure);
  }

  private stop(): void {
    this.isRunning = false;
    this.clock.delete(this);
  }
}

/** Watches every body from the moment that somebody wants it. */
export function watchBodies(server: FastifyInstance, rate: MinimumRate): void {
  const clock = new BodyClock(rate);
  server.addHook('onRequest', ({ raw }: { raw: PacedRequest }, _reply, done) => {
    if (hasBody(raw.headers)) raw[PACE] = new BodyPace(raw, clock);
    done();
  });
}

/** Starts the clock of a body: from here on the client is waited for. */
export function startPace(request: PacedRequest): void {
  request[PACE]?.start();
}

/** As {@link tooSlow}, for who has no use for a signal: they are dear. Answers how to take that back. */
export function whenTooSlow(request: PacedRequest, fail: OnTooSlow): () => void {
  return request[PACE]?.whenTooSlow(fail) ?? (() => undefined);
}

/**
 * Aborts when the body comes too slowly; the reason is the error to answer with. Undefined for a request
 * without a body.
 */
export function tooSlow(request: PacedRequest): AbortSignal | undefined {
  return request[PACE]?.signal;
}
