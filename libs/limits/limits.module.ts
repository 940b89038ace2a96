import { Clock } from '#kernel';
import { Global, Module } from '@nestjs/common';

import { LimitCounters } from './limit-counters.js';
import { Limiter } from './limiter.js';

/** Limits of requests, transfers and bytes sent. */
@Global()
@Module({
  providers: [{ provide: LimitCounters, useFactory: () => new LimitCounters(new Clock()) }, Limiter],
  exports: [Limiter],
})
export class LimitsModule {}
