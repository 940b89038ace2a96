import 'reflect-metadata';

import { announce } from './banner.js';
import { startGateway } from './gateway.js';
import { runService } from './service.js';

process.title = 'gatehold';
await runService(
  ({ config, secrets, logger }) => startGateway(config, secrets, logger),
  ({ url }, { config, secrets, logger }) => announce(config, url, secrets, logger),
);
