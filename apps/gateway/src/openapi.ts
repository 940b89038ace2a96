import { DocumentBuilder, type OpenAPIObject, SwaggerModule } from '@nestjs/swagger';
import type { INestApplication } from '@nestjs/common';

const TAGS: readonly (readonly [string, string])[] = [
  ['Tenants', 'Tenants and their sub-tenants.'],
  ['Tokens', 'Bearer tokens, and who the caller is.'],
  ['Sources', 'Stored files: upload, describe, read, replace, delete.'],
  ['Links', 'URLs that need no token and can be taken back.'],
  ['Compatibility', 'Calls of other APIs, for clients written for them.'],
  ['Health', 'For load balancers and orchestrators.'],
];

/** The API's description, from what the operations declare about themselves. */
export function createOpenApi(app: INestApplication): OpenAPIObject {
  const builder = new DocumentBuilder()
    .setTitle('Gatehold')
    .setDescription(
      'A multi-tenant storage gateway: it hands each tenant, sub-tenant and role exactly what it may have, bytes or a ' +
        'URL for exactly one object for a stated time.',
    )
    .setVersion('0.1.0')
    .setLicense('Apache-2.0', 'https://www.apache.org/licenses/LICENSE-2.0')
    .addServer('/', 'This gateway')
    .addBearerAuth({
      type: 'http',
      scheme: 'bearer',
      description: 'A token of the platform or of a tenant.',
    });
  for (const [name, description] of TAGS) builder.addTag(name, description);
  return SwaggerModule.createDocument(app, builder.build(), {
    operationIdFactory: (controller, method) => `${controller.replace(/Controller$/, '')}_${method}`,
  });
}

/** Serves the description as `/openapi.json` and as a page to try it on under `/docs`. */
export function serveDocs(app: INestApplication): void {
  SwaggerModule.setup('docs', app, createOpenApi(app), {
    jsonDocumentUrl: 'openapi.json',
    raw: ['json'],
    customSiteTitle: 'Gatehold API',
    swaggerOptions: { persistAuthorization: true, displayRequestDuration: true, tryItOutEnabled: true },
  });
}
