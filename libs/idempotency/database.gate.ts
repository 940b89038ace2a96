import { SharedTransaction } from '#database';
import { IdempotencyErrors, OnceGate, routeOf, type ExchangeParts } from '#http';
import { Injectable } from '@nestjs/common';

import { AnswerSealer, answerUnderWay, prepare, type Answer } from './answer.js';
import { fingerprintOf } from './fingerprint.js';
import { IdempotencyStore } from './idempotency.store.js';
import { scopeOf, type KeyScope } from './key-scope.js';
import { PlatformKeyStore } from './platform-key.store.js';

/** A request that has a key. */
interface Keyed {
  readonly scope: KeyScope;
  readonly fingerprint: Buffer;
  readonly perform: () => Promise<Answer>;
}

/** How soon a short operation that is under way has ended. Seconds. */
const SHORTLY = 1;

/** Remembers answers in the database. */
@Injectable()
export class DatabaseGate extends OnceGate {
  constructor(
    private readonly shared: SharedTransaction,
    private readonly store: IdempotencyStore,
    private readonly platform: PlatformKeyStore,
    private readonly sealer: AnswerSealer,
  ) {
    super();
  }

  override async once(
    { request, reply }: ExchangeParts,
    key: string,
    operation: () => Promise<unknown>,
  ): Promise<unknown> {
    const { tenantContext, query, body } = request;
    const keyed: Keyed = {
      scope: scopeOf(request, key),
      fingerprint: fingerprintOf([tenantContext?.subTenantId, query, body]),
      perform: async () => answerUnderWay(reply, await operation()),
    };
    const isAtomic = routeOf(request).operation?.idempotent === 'atomic';
    return prepare(reply, await (isAtomic ? this.onceAtomic(keyed) : this.onceWithoutEffect(keyed)));
  }

  /**
   * The whole of it is one transaction, with the record of the answer in it: whenever the gateway dies, either both are
   * there or neither is, and a repeat that comes meanwhile, here or elsewhere, finds the key locked and is told at once.
   */
  private onceAtomic(keyed: Keyed): Promise<Answer> {
    return this.shared.run(async () => {
      if (!(await this.platform.tryLock(keyed.scope.hash))) throw IdempotencyErrors.inUse(SHORTLY);
      const known = await this.findAnswer(keyed);
      if (known !== null) return known;
      const answer = await keyed.perform();
      if (!(await this.record(keyed, answer))) throw IdempotencyErrors.inUse(SHORTLY);
      return answer;
    });
  }

  /** Done twice at once, or again after a crash, it does no harm: only the answer has to be one and the same. */
  private async onceWithoutEffect(keyed: Keyed): Promise<Answer> {
    const known = await this.findAnswer(keyed);
    if (known !== null) return known;
    const answer = await keyed.perform();
    return (await this.record(keyed, answer)) ? answer : ((await this.findAnswer(keyed)) ?? answer);
  }

  private async findAnswer({ scope, fingerprint }: Keyed): Promise<Answer | null> {
    const { tenantId, hash } = scope;
    const known =
      tenantId === null ? await this.platform.find(hash) : await this.store.find({ tenantId, hash });
    return known === null ? null : this.sealer.reveal(scope, known, fingerprint);
  }

  private record({ scope, fingerprint }: Keyed, answer: Answer): Promise<boolean> {
    const { tenantId, hash } = scope;
    const record = { fingerprint, sealedAnswer: this.sealer.seal(scope, answer) };
    return tenantId === null
      ? this.platform.record(hash, record)
      : this.store.record({ tenantId, hash }, null, record);
  }
}
