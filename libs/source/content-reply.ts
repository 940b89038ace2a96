import { onChunkSent, tooSlow, type GatewayReply, type GatewayRequest, type HandedOut } from '#http';
import { andThen, type MaybePromise } from '#kernel';
import { Limiter } from '#limits';
import type { ByteRange, CallOptions, StoredBody } from '#storage';
import { Injectable } from '@nestjs/common';
import type { Readable } from 'node:stream';

import { ContentService, type Presentation } from './content.service.js';
import { handedOut } from './handed-out.js';
import { SourceErrors } from './source.errors.js';
import type { AvailableSource, Source } from './source.js';
import { withheldEnd } from './withheld-end.js';

const MAX_PLANS = 3;

/** What is served, and how to look it up again should it be replaced meanwhile. */
export interface ServedContent {
  readonly source: Source;
  readonly presentation: (source: Source) => Presentation;
  readonly reread: () => Promise<Source>;
  /** What is to be asked before the first byte is sent and before the last one; null: nothing. */
  readonly use?: ContentUse | null;
  /** Where it is served for a link: which one. */
  readonly link?: Required<HandedOut>['link'];
}

/** Whoever counts what is sent. */
export interface ContentUse {
  /** Throws what the request is refused with. May be called more than once. */
  keep(): Promise<void>;
  /** When it throws, the answer is broken off. */
  count(): Promise<void>;
}

/** Answers GET and HEAD of content, by bearer and by link alike. */
@Injectable()
export class ContentReply {
  constructor(
    private readonly content: ContentService,
    private readonly limiter: Limiter,
  ) {}

  send(request: GatewayRequest, reply: GatewayReply, served: ServedContent): MaybePromise<void> {
    return andThen(this.attempt(request, reply, served, served.source), (isSent) =>
      isSent ? undefined : this.sendReplaced(request, reply, served),
    );
  }

  private async sendReplaced(
    request: GatewayRequest,
    reply: GatewayReply,
    served: ServedContent,
  ): Promise<void> {
    for (let attempt = 2; attempt <= MAX_PLANS; attempt += 1)
      if (await this.attempt(request, reply, served, await served.reread())) return;
    throw SourceErrors.contentGone();
  }

  /** False when the content was replaced under the answer before a byte was sent. */
  private attempt(
    request: GatewayRequest,
    reply: GatewayReply,
    served: ServedContent,
    current: Source,
  ): MaybePromise<boolean> {
    const source = this.content.assertAvailable(current);
    const plan = this.content.plan(source, served.presentation(source), request);
    if (plan.status === 412 || plan.status === 416) {
      void reply.headers(plan.headers);
      throw plan.status === 412 ? SourceErrors.precondition() : SourceErrors.range();
    }
    if (plan.status === 304 || request.method === 'HEAD') {
      // No payload at all: an empty text would bring a Content-Type and a length of its own along.
      void reply.code(plan.status).headers(plan.headers).send();
      return true;
    }
    const use = served.use ?? null;
    const reserved = this.limiter.reserveEgress(request, reply, lengthOf(source, plan.range));
    const kept = andThen(reserved, () => use?.keep());
    const opened = andThen(kept, () => this.content.open(source, plan.range, served.reread, callFor(reply)));
    return andThen(opened, (body) =>
      body === null
        ? false
        : andThen(payloadOf(body, use), (payload) => {
            request.handedOut = handedOut(source, served);
            if (body.recycle !== undefined) onChunkSent(reply.raw, body.recycle);
            void reply.code(plan.status).headers(plan.headers).send(payload);
            return true;
          }),
    );
  }
}

function lengthOf({ sizeBytes }: AvailableSource, range: ByteRange | null): number {
  return range === null ? sizeBytes : range.end - range.start + 1;
}

/** A small body is in memory already: one write, no stream. */
function payloadOf(body: StoredBody, use: ContentUse | null): MaybePromise<Buffer | Readable> {
  if (body.lengthBytes > SMALL) {
    const stream = body.stream();
    return use === null ? stream : withheldEnd(stream, () => use.count());
  }
  const bytes = body.bytes();
  return use === null ? bytes : andThen(bytes, (all) => use.count().then(() => all));
}

const SMALL = 64 * 1024;

/**
 * Aborts when the client goes away before the answer is complete, or when its body comes too slowly; in the latter case
 * the reason is the error to answer with.
 */
export function abortSignalOf(reply: GatewayReply): AbortSignal {
  const controller = new AbortController();
  if (isCutShort(reply)) controller.abort();
  reply.raw.once('close', () => {
    if (isCutShort(reply)) controller.abort();
  });
  const slow = tooSlow(reply.request.raw);
  if (slow?.aborted) controller.abort(slow.reason);
  slow?.addEventListener('abort', () => controller.abort(slow.reason), { once: true });
  return controller.signal;
}

/** The same for a call of whom few ever wait for that. */
function callFor(reply: GatewayReply): CallOptions {
  let signal: AbortSignal | null = null;
  return {
    hasFired: () => signal?.aborted ?? (isCutShort(reply) || tooSlow(reply.request.raw)?.aborted === true),
    get signal() {
      return (signal ??= abortSignalOf(reply));
    },
  };
}

/** The client has gone away before the answer was complete. */
function isCutShort({ raw }: GatewayReply): boolean {
  return raw.closed && !raw.writableFinished;
}
