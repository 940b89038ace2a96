import type { GatewayConfig } from '#config';
import type { DatabaseOptions } from '#database';
import type { Logger } from 'pino';

import { ENTITIES } from './entities.js';

/** The database, as the settings describe it. */
export function databaseOptions({ database, data }: GatewayConfig, logger: Logger): DatabaseOptions {
  return {
    url: database.url?.reveal() ?? null,
    migrationUrl: database.migrationUrl?.reveal() ?? null,
    dataDir: data.dir,
    poolSize: database.poolSize,
    entities: ENTITIES,
    log: {
      info: (message, details) => logger.info(details ?? {}, message),
      warn: (message, details) => logger.warn(details ?? {}, message),
    },
  };
}
