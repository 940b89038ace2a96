import { Database } from '#database';
import { createServerAdapter } from '#http';
import { parseConfig } from '#config';
import { Sealer, Secret } from '#kernel';
import { PublicUrl } from '#presign';
import { NestFactory } from '@nestjs/core';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { OpenAPIObject } from '@nestjs/swagger';

import { AppModule } from '../app.module.js';
import { createLogger } from '../logging.js';
import { createOpenApi } from '../openapi.js';
import { patienceOf } from '../patience.js';

/**
 * The API's description without a gateway: no database, no files, no port. Nest's preview mode reads the modules and
 * makes none of their parts, so that what they are given here is never used.
 */
export async function describeApi(): Promise<OpenAPIObject> {
  const config = parseConfig({});
  const module = AppModule.forRoot({
    config,
    database: Object.create(Database.prototype) as Database,
    rootToken: new Secret('unused'.repeat(8)),
    sealer: new Sealer(new Secret(Buffer.alloc(32))),
    publicUrl: new PublicUrl(null),
  });
  const adapter = createServerAdapter({
    logger: createLogger('silent'),
    trustedProxies: [],
    patience: patienceOf(config),
  });
  const app = await NestFactory.create<NestFastifyApplication>(module, adapter, {
    preview: true,
    bodyParser: false,
    logger: false,
  });
  return createOpenApi(app, { organizationHeader: config.http.organizationHeader });
}
