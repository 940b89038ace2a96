import { Database } from '#database';
import { Sealer } from '#kernel';
import { PublicUrl } from '#presign';
import { NestFactory } from '@nestjs/core';

import { AppModule } from './app.module.js';
import { databaseOptions } from './database-options.js';
import { NestLogger } from './logging.js';
import { once, type RunningService, type ServiceStart } from './service.js';

/**
 * Starts what a gateway does in the background, and no gateway: no port is opened. Beside a gateway that has an embedded
 * database, that one is used; it ends the worker when it goes.
 */
export async function startWorker({ config, secrets, logger }: ServiceStart): Promise<RunningService> {
  const database = await Database.openBeside(databaseOptions(config, logger));
  try {
    const module = AppModule.forRoot({
      config: { ...config, background: { ...config.background, workers: true } },
      database,
      rootToken: secrets.rootToken,
      sealer: new Sealer(secrets.masterKey),
      publicUrl: new PublicUrl(config.http.publicUrl),
    });
    const app = await NestFactory.createApplicationContext(module, {
      logger: new NestLogger(logger),
      abortOnError: false,
    });
    const stop = async (): Promise<void> => {
      try {
        await app.close();
      } finally {
        await database.close();
      }
    };
    return { lost: database.lost, stop: once(stop) };
  } catch (error) {
    await database.close();
    throw error;
  }
}
