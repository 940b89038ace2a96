import { IdempotencyErrors, type GatewayReply } from '#http';
import { Sealer } from '#kernel';
import { Injectable } from '@nestjs/common';

import type { KeyRecord } from './key-record.js';
import type { KeyScope } from './key-scope.js';

/** A successful answer, whole: an operation has one status of success, so that is not part of it. */
export interface Answer<Body = unknown> {
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  /** As it goes out, in JSON. */
  readonly body: Body;
}

/** What an operation may say in headers. All others belong to the one exchange. */
const KEPT_HEADERS = ['location', 'etag', 'cache-control'];

/** The answer under way: the headers as they are set by now, and the body that is about to be sent. */
export function answerUnderWay(reply: GatewayReply, body: unknown): Answer {
  const headers = KEPT_HEADERS.map((name) => [name, reply.getHeader(name)] as const);
  return { headers: Object.fromEntries(headers.filter(isText)), body: valueOf(body) };
}

/** What an operation answers is a value, or the bytes of its JSON where that is put together as it is made. */
function valueOf(body: unknown): unknown {
  return Buffer.isBuffer(body) ? (JSON.parse(body.toString()) as unknown) : body;
}

/** Sets the headers of an answer, and answers its body for sending. */
export function prepare<Body>(reply: GatewayReply, { headers, body }: Answer<Body>): Body {
  for (const [name, value] of Object.entries(headers)) void reply.header(name, value);
  return body;
}

/** Seals answers for storage: they may hold a token or a URL that works. */
@Injectable()
export class AnswerSealer {
  constructor(private readonly sealer: Sealer) {}

  seal(scope: KeyScope, { headers, body }: Answer): Buffer {
    return this.sealer.seal(Buffer.from(JSON.stringify({ headers, body })), placeOf(scope));
  }

  /** What was answered to a request that `asked` the same. Throws `idempotency_key_in_use`, `idempotency_key_reused`. */
  reveal(scope: KeyScope, { fingerprint, sealedAnswer, secondsLeft }: KeyRecord, asked: Buffer): Answer {
    if (fingerprint === null || sealedAnswer === null) throw IdempotencyErrors.inUse(secondsLeft);
    if (!fingerprint.equals(asked)) throw IdempotencyErrors.reused();
    return JSON.parse(this.sealer.open(sealedAnswer, placeOf(scope)).toString()) as Answer;
  }
}

/** What a sealed answer is bound to; key rotation writes the same. */
function placeOf({ tenantId, hash }: KeyScope): string {
  return `idempotency:${tenantId ?? ''}:${hash.toString('hex')}`;
}

function isText(header: readonly [string, unknown]): header is readonly [string, string] {
  return typeof header[1] === 'string';
}
