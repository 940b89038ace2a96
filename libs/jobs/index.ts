export type { Job } from './job.js';
export { JobOptions, JobSchedule, type ScheduledJob } from './job-schedule.js';
export { JobsModule } from './jobs.module.js';
