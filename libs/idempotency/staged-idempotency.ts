import type { TenantTransaction } from '#database';
import { IdempotencyErrors, parseIdempotencyKey, type GatewayRequest } from '#http';
import { newUuid, type TenantContext } from '#kernel';
import { Injectable, type OnApplicationShutdown } from '@nestjs/common';

import { AnswerSealer, type Answer } from './answer.js';
import { fingerprintOf } from './fingerprint.js';
import { CLAIM_SECONDS, IdempotencyStore, recordIn } from './idempotency.store.js';
import type { KeyRecord } from './key-record.js';
import { scopeOf, type TenantKeyScope } from './key-scope.js';

/**
 * Records the answer of a request in the transaction that makes its effect. `content` is what the request asks for, as
 * JSON, and the same for a repeat. Throws `idempotency_key_in_use` when somebody else has taken the request over in the
 * meantime: the transaction must then fail.
 */
export type Keep = (transaction: TenantTransaction, content: unknown, answer: Answer) => Promise<void>;

/** An operation that does more than write to the database. */
export interface StagedOperation<Body> {
  /** Does it. `keep` has to be called in the one transaction that makes the effect; null: there is no key. */
  readonly perform: (keep: Keep | null) => Promise<Answer<Body>>;
  /** Reads the request without any effect, for comparison with one that was answered: what `keep` would be given. */
  readonly identify: () => Promise<unknown>;
}

/** Most looks at a key that is claimed and given up by others all the time. */
const MAX_LOOKS = 3;

/**
 * Runs operations that take long or touch more than the database, once per idempotency key. The key is claimed first, for
 * as long as the request is renewed by whoever works on it; the effect and the answer then come with one commit. When
 * the gateway dies in between, a repeat is told to wait for the rest of the claim, and does the work anew after it.
 */
@Injectable()
export class StagedIdempotency implements OnApplicationShutdown {
  private readonly underWay = new Set<Promise<unknown>>();

  constructor(
    private readonly store: IdempotencyStore,
    private readonly sealer: AnswerSealer,
  ) {}

  /** Connections are closed by now, and the database is next: the claims of what was cut are given up first. */
  async onApplicationShutdown(): Promise<void> {
    while (this.underWay.size > 0) await Promise.allSettled(this.underWay);
  }

  /**
   * Answers what the operation answers, or what was answered to the same request before. What fails is not remembered
   * and may be tried again at once. Throws `idempotency_key_malformed`, `idempotency_key_in_use`,
   * `idempotency_key_reused`.
   */
  async once<Body>(
    context: TenantContext,
    request: GatewayRequest,
    operation: StagedOperation<Body>,
  ): Promise<Answer<Body>> {
    const key = parseIdempotencyKey(request.headers['idempotency-key']);
    if (key === null) return await operation.perform(null);
    const { tenantId } = context;
    const scope = { ...scopeOf(request, key), tenantId };
    const work = this.onceTracked(scope, context, operation);
    this.underWay.add(work);
    try {
      return await work;
    } finally {
      this.underWay.delete(work);
    }
  }

  private async onceTracked<Body>(
    scope: TenantKeyScope,
    { subTenantId }: TenantContext,
    { perform, identify }: StagedOperation<Body>,
  ): Promise<Answer<Body>> {
    const fingerprint = (content: unknown): Buffer => fingerprintOf([subTenantId, content]);
    const owner = newUuid();
    const known = await this.claimOrFind(scope, owner);
    if (known === null) return await this.performClaimed(scope, owner, fingerprint, perform);
    if (known.fingerprint === null) throw IdempotencyErrors.inUse(known.secondsLeft);
    // What was recorded is what this very operation has answered.
    return this.sealer.reveal(scope, known, fingerprint(await identify())) as Answer<Body>;
  }

  /** Null: the key is the owner's now. */
  private async claimOrFind(scope: TenantKeyScope, owner: string): Promise<KeyRecord | null> {
    for (let look = 1; look <= MAX_LOOKS; look += 1) {
      if (await this.store.claim(scope, owner)) return null;
      const known = await this.store.find(scope);
      if (known !== null) return known;
    }
    throw IdempotencyErrors.inUse(1);
  }

  private async performClaimed<Body>(
    scope: TenantKeyScope,
    owner: string,
    fingerprint: (content: unknown) => Buffer,
    perform: StagedOperation<Body>['perform'],
  ): Promise<Answer<Body>> {
    const recording = { isDone: false };
    const keep: Keep = async (transaction, content, answer) => {
      const record = { fingerprint: fingerprint(content), sealedAnswer: this.sealer.seal(scope, answer) };
      if (!(await recordIn(transaction, scope, owner, record))) throw IdempotencyErrors.inUse(CLAIM_SECONDS);
      recording.isDone = true;
    };
    const renewal = setInterval(
      () => void this.store.renew(scope, owner).catch(() => undefined),
      (CLAIM_SECONDS * 1_000) / 3,
    );
    try {
      const answer = await perform(keep);
      if (!recording.isDone)
        throw new Error('An operation with an idempotency key has not recorded its answer.');
      return answer;
    } catch (error) {
      // What cannot be given up now, because the database is away, is over when the claim ends.
      await this.store.release(scope, owner).catch(() => undefined);
      throw error;
    } finally {
      clearInterval(renewal);
    }
  }
}
