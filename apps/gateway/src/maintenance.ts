import { AuditVerification } from '#audit';
import type { GatewayConfig } from '#config';
import { Database } from '#database';
import { Sealer } from '#kernel';
import { Reconciler, Verification } from '#source';
import { NestFactory } from '@nestjs/core';
import type { Logger } from 'pino';

import { MaintenanceModule } from './app.module.js';
import { databaseOptions } from './database-options.js';
import { NestLogger } from './logging.js';
import { readMasterKey } from './secrets.js';

/** What a command that looks after rows and objects works with. */
export interface Maintenance {
  readonly reconciler: Reconciler;
  readonly verification: Verification;
  readonly audit: AuditVerification;
  close(): Promise<void>;
}

/**
 * Opens the database and the storages of a gateway, running or not, and makes nothing: neither a database nor a secret.
 * What is wrong is thrown as a start of the gateway throws it.
 */
export async function openMaintenance(config: GatewayConfig, logger: Logger): Promise<Maintenance> {
  const database = await Database.openExisting(databaseOptions(config, logger));
  try {
    const sealer = new Sealer(await readMasterKey(config));
    const module = MaintenanceModule.forRoot({ config, database, sealer });
    const app = await NestFactory.createApplicationContext(module, {
      logger: new NestLogger(logger),
      abortOnError: false,
    });
    const close = async (): Promise<void> => {
      try {
        await app.close();
      } finally {
        await database.close();
      }
    };
    return {
      reconciler: app.get(Reconciler),
      verification: app.get(Verification),
      audit: app.get(AuditVerification),
      close,
    };
  } catch (error) {
    await database.close();
    throw error;
  }
}
