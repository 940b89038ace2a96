import { OnceGate } from '#http';
import type { Sealer } from '#kernel';
import { type DynamicModule, Module } from '@nestjs/common';

import { AnswerSealer } from './answer.js';
import { DatabaseGate } from './database.gate.js';
import { ExpiredKeysWorker } from './expired-keys.worker.js';
import { IdempotencyStore } from './idempotency.store.js';
import { PlatformKeyStore } from './platform-key.store.js';
import { StagedIdempotency } from './staged-idempotency.js';

/** Answers that are given again when a request is repeated with its `Idempotency-Key`. */
@Module({})
export class IdempotencyModule {
  static forRoot({ sealer }: { readonly sealer: Sealer }): DynamicModule {
    return {
      module: IdempotencyModule,
      global: true,
      providers: [
        { provide: AnswerSealer, useValue: new AnswerSealer(sealer) },
        IdempotencyStore,
        PlatformKeyStore,
        { provide: OnceGate, useClass: DatabaseGate },
        StagedIdempotency,
        ExpiredKeysWorker,
      ],
      exports: [OnceGate, StagedIdempotency],
    };
  }
}
