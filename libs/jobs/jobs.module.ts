import { type DynamicModule, Module } from '@nestjs/common';

import { JobOptions, JobSchedule } from './job-schedule.js';

/** Offers the schedule of jobs to every feature. */
@Module({})
export class JobsModule {
  static forRoot(options: { readonly enabled: boolean }): DynamicModule {
    return {
      module: JobsModule,
      global: true,
      providers: [{ provide: JobOptions, useValue: new JobOptions(options.enabled) }, JobSchedule],
      exports: [JobSchedule],
    };
  }
}
