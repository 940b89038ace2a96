import { routeOf, type GatewayReply, type GatewayRequest } from '#http';
import type { Limits, MaybePromise, Principal, RouteClass } from '#kernel';
import { Injectable, Logger } from '@nestjs/common';

import { LimitCounters, type Egress, type Subject } from './limit-counters.js';
import { LimitErrors } from './limit.errors.js';
import { routeClassOf } from './route-class.js';
import { renderPolicies, renderStandings, retryAfter, type Standing } from './standing.js';

/** Whose limits a request counts against. Null: that one has none. */
export interface Limited {
  readonly tenantId: string;
  readonly tenantLimits: Limits | null;
  readonly tokenId: string;
  readonly tokenLimits: Limits | null;
}

interface Admission {
  readonly subjects: readonly Subject[];
  readonly standings: readonly Standing[];
  egress: Egress | null;
}

/** Holds requests to the limits of their tenants and tokens. What has none costs nothing here, and is told nothing. */
@Injectable()
export class Limiter {
  readonly #logger = new Logger(Limiter.name);
  readonly #admitted = new WeakMap<GatewayRequest, Admission>();

  constructor(private readonly counters: LimitCounters) {}

  /**
   * Counts a request, and says in its answer how the limits stand. Throws `rate_limited`, and `too_many_transfers` where
   * the operation may carry a file; a transfer ends with its answer. To be called once per request.
   */
  admit(request: GatewayRequest, reply: GatewayReply, limited: Limited): MaybePromise<void> {
    const { operation } = routeOf(request);
    if ((limited.tokenLimits === null && limited.tenantLimits === null) || operation === undefined)
      return undefined;
    return this.#admit(request, reply, subjectsOf(limited), routeClassOf(operation, request.method));
  }

  async #admit(
    request: GatewayRequest,
    reply: GatewayReply,
    subjects: readonly Subject[],
    routeClass: RouteClass,
  ): Promise<void> {
    const { standings, refusedBy } = await this.counters.admit(subjects, routeClass);
    announce(reply, standings);
    if (refusedBy.length > 0) throw refusal(refusedBy);
    this.#admitted.set(request, { subjects, standings, egress: null });
    if (routeClass === 'content') this.#endWith(reply, subjects);
  }

  /** As {@link admit}, by what is known of a principal with its credential alone. */
  async admitPrincipal(request: GatewayRequest, reply: GatewayReply, principal: Principal): Promise<void> {
    const { tenant, tokenId, limits } = principal;
    if (tenant === null || limits == null) return;
    const { tenantId } = tenant;
    await this.admit(request, reply, {
      tenantId,
      tenantLimits: limits.tenant,
      tokenId,
      tokenLimits: limits.token,
    });
  }

  /**
   * To be called before the first of so many bytes of a file is sent: counts those that really are. Throws
   * `egress_exhausted` where they would be more than is left of the day. Called again for another answer to the same
   * request, it counts that one instead.
   */
  reserveEgress(request: GatewayRequest, reply: GatewayReply, bytes: number): MaybePromise<void> {
    const admission = this.#admitted.get(request);
    return admission === undefined ? undefined : this.#reserve(admission, reply, bytes);
  }

  async #reserve(admission: Admission, reply: GatewayReply, bytes: number): Promise<void> {
    if (admission.egress !== null)
      await this.counters.returnEgress(admission.subjects, admission.egress, admission.egress.bytes);
    const isFirst = admission.egress === null;
    const egress = await this.counters.reserveEgress(admission.subjects, bytes);
    announce(reply, [
      ...admission.standings.filter(({ unit }) => unit !== 'content-bytes'),
      ...egress.standings,
    ]);
    admission.egress = egress.refusedBy.length > 0 ? { ...egress, bytes: 0 } : egress;
    if (isFirst) this.#settleWith(reply, admission);
    if (egress.refusedBy.length > 0) throw refusal(egress.refusedBy);
  }

  /** What is given back when an answer has ended has nobody left to hear that it failed. */
  #unheard(work: Promise<void>): void {
    work.catch((error: unknown) =>
      this.#logger.warn({ err: error }, 'what a request took was not given back'),
    );
  }

  #endWith(reply: GatewayReply, subjects: readonly Subject[]): void {
    const end = (): void => this.#unheard(this.counters.endTransfer(subjects));
    if (reply.raw.closed) end();
    else reply.raw.once('close', end);
  }

  /** Gives back, when the answer has ended, what of the bytes was not handed to the connection. */
  #settleWith(reply: GatewayReply, admission: Admission): void {
    const { socket } = reply.request.raw;
    const writtenBefore = socket.bytesWritten;
    const settle = (): void => {
      const { egress, subjects } = admission;
      if (egress === null) return;
      admission.egress = null;
      const delivers = reply.raw.headersSent && reply.statusCode < 300;
      const written = reply.raw.writableFinished ? Infinity : socket.bytesWritten - writtenBefore;
      const sent = delivers ? Math.min(egress.bytes, written) : 0;
      if (sent < egress.bytes)
        this.#unheard(this.counters.returnEgress(subjects, egress, egress.bytes - sent));
    };
    if (reply.raw.closed) settle();
    else reply.raw.once('close', settle);
  }
}

function subjectsOf({ tenantId, tenantLimits, tokenId, tokenLimits }: Limited): Subject[] {
  const subjects: Subject[] = [];
  if (tokenLimits !== null) subjects.push({ kind: 'token', id: tokenId, limits: tokenLimits });
  if (tenantLimits !== null) subjects.push({ kind: 'tenant', id: tenantId, limits: tenantLimits });
  return subjects;
}

/** Where nothing that was asked is limited there is nothing to say. */
function announce(reply: GatewayReply, standings: readonly Standing[]): void {
  if (standings.length === 0) return;
  void reply.header('ratelimit-policy', renderPolicies(standings));
  void reply.header('ratelimit', renderStandings(standings));
}

const REFUSALS = {
  requests: LimitErrors.requests,
  'concurrent-requests': LimitErrors.transfers,
  'content-bytes': LimitErrors.egress,
} as const;

function refusal(refusedBy: readonly Standing[]): Error {
  const [first] = refusedBy;
  const refuse = REFUSALS[first?.unit ?? 'requests'];
  return refuse(
    refusedBy.map(({ policy }) => policy),
    retryAfter(refusedBy),
  );
}
