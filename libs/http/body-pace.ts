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

const paces = new WeakMap<IncomingMessage, BodyPace>();

/**
 * Watches how fast one body arrives. There is no limit on the whole time, since a large file over a slow line is no
 * attack; a body that drips is one. Time counts while nothing that has arrived is left to read, for then the client
 * alone is waited for: a slow disk fills the buffer, and stops the clock. A late look counts as one look, so that a
 * gateway that is busy does not blame the client for it.
 */
class BodyPace {
  private readonly waiting = new Set<(error: CodedError) => void>();
  private failure: CodedError | null = null;
  private controller: AbortController | null = null;
  private waitedMs = 0;
  private bytesBefore = 0;
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly request: IncomingMessage,
    private readonly rate: MinimumRate,
  ) {}

  /** Aborts, with a `request_timeout` as its reason, when the body comes too slowly. */
  get signal(): AbortSignal {
    if (this.controller === null) {
      const controller = (this.controller = new AbortController());
      if (this.failure === null) this.waiting.add((error) => controller.abort(error));
      else controller.abort(this.failure);
    }
    return this.controller.signal;
  }

  /**
   * Calls back when the body comes too slowly, unless the function that comes back was called before. Once nobody waits any
   * more the clock stops: it would keep the request in memory.
   */
  whenTooSlow(fail: (error: CodedError) => void): () => void {
    const { failure } = this;
    if (failure === null) this.waiting.add(fail);
    else queueMicrotask(() => fail(failure));
    return () => {
      this.waiting.delete(fail);
      if (this.waiting.size === 0) this.stop();
    };
  }

  start(): void {
    if (this.timer !== undefined || this.request.complete) return;
    this.bytesBefore = this.request.socket.bytesRead;
    const lookMs = this.rate.windowMs / LOOKS;
    this.timer = setInterval(() => this.look(lookMs), lookMs).unref();
  }

  private stop(): void {
    clearInterval(this.timer);
    this.timer = undefined;
  }

  private look(lookMs: number): void {
    const { request } = this;
    if (request.complete || request.destroyed) this.stop();
    if (request.complete || request.destroyed || request.readableLength > 0) return;
    this.waitedMs += lookMs;
    if (this.waitedMs < this.rate.windowMs) return;
    const { bytesRead } = request.socket;
    const needed = (this.rate.bytesPerSecond * this.rate.windowMs) / 1000;
    if (bytesRead - this.bytesBefore < needed) {
      this.stop();
      this.failure = new CodedError(HttpErrors.timeout, 'The body came too slowly.');
      for (const fail of this.waiting) fail(this.failure);
    }
    this.waitedMs = 0;
    this.bytesBefore = bytesRead;
  }
}

/** Watches every body from the moment that somebody wants it. */
export function watchBodies(server: FastifyInstance, rate: MinimumRate): void {
  server.addHook('onRequest', ({ raw }, _reply, done) => {
    if (hasBody(raw.headers)) paces.set(raw, new BodyPace(raw, rate));
    done();
  });
}

/** Starts the clock of a body: from here on the client is waited for. */
export function startPace(request: IncomingMessage): void {
  paces.get(request)?.start();
}

/** As {@link tooSlow}, for who has no use for a signal: they are dear. Answers how to take that back. */
export function whenTooSlow(request: IncomingMessage, fail: (error: CodedError) => void): () => void {
  return paces.get(request)?.whenTooSlow(fail) ?? (() => undefined);
}

/**
 * Aborts when the body comes too slowly; the reason is the error to answer with. Undefined for a request
 * without a body.
 */
export function tooSlow(request: IncomingMessage): AbortSignal | undefined {
  return paces.get(request)?.signal;
}
