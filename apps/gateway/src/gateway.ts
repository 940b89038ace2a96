import type { GatewayConfig } from '#config';
import { Database, PlatformDatabase, TenantDatabase } from '#database';
import { createServerAdapter } from '#http';
import { Sealer } from '#kernel';
import { PublicUrl } from '#presign';
import { NestFactory } from '@nestjs/core';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { Logger } from 'pino';

import { AppModule, tenantResolver, type AppOptions } from './app.module.js';
import { Connections } from './connections.js';
import { databaseOptions } from './database-options.js';
import type { DeploymentParts } from './deployment.js';
import { Readiness } from './health/readiness.js';
import { beginLargeBody } from './heap.js';
import { KeyRotationStore } from './key-rotation.store.js';
import { rotateMasterKey } from './key-rotation.js';
import { watchLargeBodies } from './large-bodies.js';
import { NestLogger } from './logging.js';
import { GatewayMetrics } from './metrics/gateway-metrics.js';
import { serveDocs } from './openapi.js';
import { patienceOf } from './patience.js';
import { addRequestHooks } from './request-hooks.js';
import type { GatewaySecrets } from './secrets.js';
import { once, type RunningService } from './service.js';

/** A gateway that is up. To stop it finishes requests in flight, up to the drain limit, then stops the database. */
export interface RunningGateway extends RunningService {
  /** Where it listens. */
  readonly url: string;
}

/** Starts everything; what was started is stopped again when a later step fails. */
export async function startGateway(
  config: GatewayConfig,
  secrets: GatewaySecrets,
  logger: Logger,
  parts: DeploymentParts = {},
): Promise<RunningGateway> {
  const cacheBytes = config.cache.enabled ? config.cache.bytes : 0;
  const database = await Database.open({ ...databaseOptions(config, logger), cacheBytes });
  try {
    await changeMasterKey(config, secrets, logger, database);
    const publicUrl = new PublicUrl(config.http.publicUrl);
    const sealer = new Sealer(secrets.masterKey);
    const { rootToken } = secrets;
    const app = await createApp({ config, database, rootToken, sealer, publicUrl, parts }, logger);
    const connections = new Connections(app.getHttpServer());
    const url = await listen(app, config);
    const { drainSeconds } = config.limits;
    publicUrl.settle(url);
    return { url, lost: database.lost, stop: once(() => stop(app, connections, database, drainSeconds)) };
  } catch (error) {
    await database.close();
    throw error;
  }
}

/** Before anything is opened with the new key. */
async function changeMasterKey(
  config: GatewayConfig,
  secrets: GatewaySecrets,
  logger: Logger,
  { dataSource }: Database,
): Promise<void> {
  const { previousMasterKey } = config.secrets;
  if (previousMasterKey === null) return;
  const store = new KeyRotationStore(new TenantDatabase(dataSource), new PlatformDatabase(dataSource));
  const count = await rotateMasterKey(store, new Sealer(previousMasterKey), new Sealer(secrets.masterKey));
  if (count === null)
    logger.warn('GATEHOLD_PREVIOUS_MASTER_KEY is not in use any more and can be taken away');
  else logger.info({ values: count }, 'the master key was changed');
}

async function createApp(options: AppOptions, logger: Logger): Promise<NestFastifyApplication> {
  const { config, publicUrl, parts = {} } = options;
  const resolver = tenantResolver(config, parts);
  const adapter = createServerAdapter({
    logger,
    trustedProxies: config.http.trustedProxies,
    patience: patienceOf(config),
    routedTarget: (target) => resolver.routedTarget(target),
  });
  const module = AppModule.forRoot(options);
  const app = await NestFactory.create<NestFastifyApplication>(module, adapter, {
    logger: new NestLogger(logger),
    bodyParser: false,
    abortOnError: false,
  });
  const metrics = app.get(GatewayMetrics);
  addRequestHooks(app, config);
  const server = app.getHttpAdapter().getInstance();
  watchLargeBodies(server, beginLargeBody);
  server.addHook('onResponse', (request, reply, done) => {
    metrics.record(request, reply);
    done();
  });
  if (config.http.docs)
    serveDocs(app, { organizationHeader: config.http.organizationHeader, basePath: publicUrl.basePath });
  return app;
}

async function listen(app: NestFastifyApplication, config: GatewayConfig): Promise<string> {
  try {
    await app.listen(config.http.port, config.http.host);
  } catch (error) {
    await app.close();
    throw error;
  }
  const address = app.getHttpServer().address();
  const port = typeof address === 'object' && address !== null ? address.port : config.http.port;
  return `http://${displayHost(config.http.host)}:${port}`;
}

/** A host one can connect to: the wildcard addresses are not. */
function displayHost(host: string): string {
  if (host === '0.0.0.0' || host === '::') return 'localhost';
  return host.includes(':') ? `[${host}]` : host;
}

async function stop(
  app: NestFastifyApplication,
  connections: Connections,
  database: Database,
  drainSeconds: number,
): Promise<void> {
  app.get(Readiness).drain();
  const end = connections.drain(drainSeconds * 1000);
  try {
    await app.close();
  } finally {
    end();
    await database.close();
  }
}
