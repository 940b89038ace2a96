import { ERROR_SCHEMAS } from '#http';
import { DocumentBuilder, type OpenAPIObject, SwaggerModule } from '@nestjs/swagger';
import type { INestApplication } from '@nestjs/common';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';

import {
  operationsOf,
  type OperationObject,
  type ParameterObject,
  type ResponseObject,
} from './openapi/document-types.js';
import { ensureExample } from './openapi/examples.js';
import { guardPage } from './openapi/page-guard.js';
import { UI_SCRIPT } from './openapi/page-script.js';
import { UI_STYLE } from './openapi/page-style.js';
import { INTRODUCTION, TAGS, withoutEmptyFields } from './openapi/page.js';
import { describePathParameter, organizationHeader } from './openapi/parameters.js';

/** What the description depends on beside the operations. */
export interface OpenApiOptions {
  /** Header by which a platform token names the tenant in the knowledge-base calls. */
  readonly organizationHeader: string;
  /** Path in front of the operations' own, without a slash at its end; none when absent or empty. */
  readonly basePath?: string;
}

const USUAL_OPTIONS: OpenApiOptions = { organizationHeader: 'X-Anyreach-Org' };

/** Version of the API's description; the program's own. */
export const API_VERSION = '0.1.0';

const REQUEST_ID = { $ref: '#/components/headers/RequestId' };

/** The API's description, from what the operations declare about themselves. */
export function createOpenApi(app: INestApplication, options = USUAL_OPTIONS): OpenAPIObject {
  const builder = new DocumentBuilder()
    .setTitle('Gatehold')
    .setDescription(INTRODUCTION)
    .setVersion(API_VERSION)
    .setLicense('Apache-2.0', 'https://www.apache.org/licenses/LICENSE-2.0')
    // Without a host: the page may talk to where it comes from only, under whichever name that is.
    .addServer(options.basePath || '/', 'This gateway')
    .addBearerAuth({
      type: 'http',
      scheme: 'bearer',
      bearerFormat: 'gth_…',
      description: "The platform's root token, or a token of a tenant: the token alone, without `Bearer`.",
    });
  for (const [name, description] of TAGS) builder.addTag(name, description);
  const document = SwaggerModule.createDocument(app, builder.build(), {
    operationIdFactory: (controller, method) => `${controller.replace(/Controller$/, '')}_${method}`,
  });
  return finish(document, options);
}

/**
 * Serves the description as `/openapi.json` and as a page to try it on under `/docs`. It is made when it is asked for the
 * first time: most processes never are, and it is some megabytes.
 */
export function serveDocs(app: NestFastifyApplication, options = USUAL_OPTIONS): void {
  guardPage(app);
  SwaggerModule.setup('docs', app, () => createOpenApi(app, options), {
    jsonDocumentUrl: 'openapi.json',
    raw: ['json'],
    customSiteTitle: 'Gatehold API',
    customCss: UI_STYLE,
    customJsStr: UI_SCRIPT,
    swaggerOptions: {
      persistAuthorization: true,
      displayRequestDuration: true,
      tryItOutEnabled: true,
      defaultModelsExpandDepth: 0,
      docExpansion: 'list',
      requestInterceptor: withoutEmptyFields,
    },
  });
}

/** Adds what holds for many operations and is therefore not said at each of them. */
function finish(document: OpenAPIObject, options: OpenApiOptions): OpenAPIObject {
  const components = (document.components ??= {});
  components.schemas = { ...components.schemas, ...ERROR_SCHEMAS };
  components.headers = {
    RequestId: {
      description: "The request's id, which the log has too; the caller's own if it sent a short one.",
      schema: { type: 'string', example: '0197c9a6-2d40-7a91-b3c5-6e7f8091a2b3' },
    },
  };
  const seen = new Set<string>();
  for (const { path, method, operation } of operationsOf(document)) {
    operation.operationId = uniqueId(operation, seen);
    // No requirement at all would leave open whether that was meant.
    operation.security ??= [];
    const parameters = (operation.parameters ??= []) as ParameterObject[];
    parameters.forEach(describePathParameter);
    if (path.startsWith('/knowledge-base/')) parameters.push(organizationHeader(options.organizationHeader));
    finishBodies(operation, method, document);
  }
  return document;
}

/** An operation that answers several paths is one method: the second gets `_2`, and so on. */
function uniqueId(operation: OperationObject, seen: Set<string>): string {
  const plain = (operation.operationId ?? '').replace(/\[\d+\]$/, '');
  let id = plain;
  for (let number = 2; seen.has(id); number += 1) id = `${plain}_${number}`;
  seen.add(id);
  return id;
}

function finishBodies(operation: OperationObject, method: string, document: OpenAPIObject): void {
  const body = operation.requestBody;
  if (body !== undefined && 'content' in body)
    Object.values(body.content).forEach((media) => ensureExample(media, document));
  for (const [status, response] of Object.entries(operation.responses) as [string, ResponseObject][]) {
    // Every answer has it; said of the successful ones alone, since most error bodies hold it too.
    if (status.startsWith('2')) response.headers = { ...response.headers, 'X-Request-Id': REQUEST_ID };
    // HEAD has GET's errors without their bodies (RFC 9110 §9.3.2).
    if (method === 'head') delete response.content;
    Object.values(response.content ?? {}).forEach((media) => ensureExample(media, document));
  }
}
