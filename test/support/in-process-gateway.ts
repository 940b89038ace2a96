import { parseConfig } from '#config';
import { Database } from '#database';
import { createServerAdapter } from '#http';
import { Sealer, Secret } from '#kernel';
import { PublicUrl } from '#presign';
import type { INestApplication } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';

import { AppModule } from '../../apps/gateway/src/app.module.js';
import { createLogger } from '../../apps/gateway/src/logging.js';
import { ENTITIES } from '../../apps/gateway/src/entities.js';
import { patienceOf } from '../../apps/gateway/src/patience.js';
import { addRequestHooks } from '../../apps/gateway/src/request-hooks.js';
import { ownLog, plant } from './run-logs.js';
import { REACHABLE } from './storage-under-test.js';
import type { ThrowawayDatabase } from './test-database.js';

/** The gateway's application inside the test's own process, for what cannot be seen from outside. */
export interface InProcessGateway {
  readonly url: string;
  readonly app: INestApplication;
  readonly rootToken: string;
  close(): Promise<void>;
}

/**
 * Composes the application as the gateway does, without its documentation pages, and listens on a free port. `settings`
 * are added to those that it needs.
 */
export async function startInProcess(
  throwaway: ThrowawayDatabase,
  databaseUrl = throwaway.runtimeUrl,
  settings: Readonly<Record<string, string>> = {},
): Promise<InProcessGateway> {
  const dataDir = await mkdtemp(join(tmpdir(), 'gatehold-in-process-'));
  const config = parseConfig({
    GATEHOLD_FAILED_AUTH_BURST: '1000000',
    ...REACHABLE,
    ...settings,
    GATEHOLD_DATA_DIR: dataDir,
    DATABASE_URL: databaseUrl,
  });
  const database = await Database.open({
    url: databaseUrl,
    migrationUrl: throwaway.ownerUrl,
    dataDir,
    poolSize: 4,
    entities: ENTITIES,
    log: { info: () => undefined, warn: () => undefined },
    cacheBytes: config.cache.enabled ? config.cache.bytes : 0,
  });
  const rootToken = randomBytes(32).toString('hex');
  const log = ownLog();
  plant(rootToken);
  const publicUrl = new PublicUrl(null);
  const adapter = createServerAdapter({
    logger: log === null ? pino({ level: 'silent' }) : createLogger('debug', log),
    trustedProxies: [],
    patience: patienceOf(config),
  });
  const module = AppModule.forRoot({
    config,
    database,
    rootToken: new Secret(rootToken),
    sealer: new Sealer(new Secret(randomBytes(32))),
    publicUrl,
  });
  const app = await NestFactory.create<NestFastifyApplication>(module, adapter, {
    logger: false,
    bodyParser: false,
    abortOnError: false,
  });
  addRequestHooks(app, config);
  await app.listen(0, '127.0.0.1');
  const url = (await app.getUrl()).replace(/\/$/, '');
  publicUrl.settle(url);
  return {
    url,
    app,
    rootToken,
    close: async () => {
      await app.close();
      await database.close();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}
