import 'reflect-metadata';

import { runService } from './service.js';
import { startWorker } from './worker.js';

process.title = 'gatehold worker';
await runService(startWorker, (_, { config, logger }) => {
  logger.info({ data_dir: config.data.dir }, 'worker ready');
});
