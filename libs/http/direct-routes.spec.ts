import { CodedError, CommonErrors } from '#kernel';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  Body,
  Controller,
  Get,
  Header,
  Param,
  Post,
  Query,
  Req,
  Res,
  UsePipes,
  ParseIntPipe,
} from '@nestjs/common';
import { APP_FILTER, APP_PIPE, NestFactory } from '@nestjs/core';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { pino } from 'pino';

import { routeDirectly } from './direct-routes.js';
import { IntegerField, TextField } from './fields.decorator.js';
import type { GatewayReply, GatewayRequest } from './gateway-request.js';
import { HttpErrorFilter } from './http-error.filter.js';
import { Operation } from './operation.decorator.js';
import type { OperationOptions } from './operation.js';
import { Exchange, type ExchangeParts } from './parameters.decorator.js';
import { createServerAdapter } from './server.js';
import { createValidationPipe } from './validation.pipe.js';

class Wish {
  @TextField({ description: 'What.', max: 10, optional: true })
  what?: string;
}

class Numbers {
  @IntegerField({ description: 'How many.', min: 1, max: 9, optional: true, query: true })
  count?: number;
}

const usual: OperationOptions = { summary: 'x', access: 'public', tenancy: 'none', body: 'json' };
const direct: OperationOptions = { ...usual, direct: true };

/** What is asked of both. */
interface Asked {
  readonly path: string;
  readonly method?: string;
  readonly body?: object;
}

/** What both controllers do. */
class Answers {
  echo(id: string, query: Numbers, reply: GatewayReply): unknown {
    void reply.header('x-of', reply.request.id === '' ? 'nobody' : 'somebody');
    return { id, count: query.count ?? null, isCounted: query instanceof Numbers };
  }

  take(wish: Wish, { request, reply }: ExchangeParts): unknown {
    if (wish.what === 'nothing') return undefined;
    if (wish.what === 'teapot') throw new CodedError(CommonErrors.unavailable, 'No tea.');
    if (wish.what === 'fault') throw new Error('a secret of ours');
    if (wish.what === 'created') void reply.code(201);
    return { what: wish.what ?? null, method: request.method, type: wish.constructor.name };
  }

  send(request: GatewayRequest, reply: GatewayReply): Promise<string> {
    void reply.header('content-type', 'text/plain').send(`of ${request.method}`);
    return Promise.resolve('not sent');
  }
}

/** A controller under `path` whose operations are declared so. */
function controllerOf(path: string, declared: OperationOptions): new () => Answers {
  @Controller(path)
  class AnswersController extends Answers {
    @Get('echo/:id')
    @Header('cache-control', 'no-store')
    @Operation({ ...declared })
    override echo(
      @Param('id') id: string,
      @Query() query: Numbers,
      @Res({ passthrough: true }) reply: GatewayReply,
    ): unknown {
      return super.echo(id, query, reply);
    }

    @Post('take')
    @Operation({ ...declared, status: 202 })
    override take(@Body() wish: Wish, @Exchange() exchange: ExchangeParts): unknown {
      return super.take(wish, exchange);
    }

    @Get('send')
    @Operation({ ...declared })
    override async send(@Req() request: GatewayRequest, @Res() reply: GatewayReply): Promise<string> {
      return await super.send(request, reply);
    }
  }
  return AnswersController;
}

async function start(
  controllers: (new () => unknown)[],
  seen: string[] = [],
): Promise<NestFastifyApplication> {
  const module = {
    module: class {
      readonly name = 'direct';
    },
    controllers,
    providers: [
      { provide: APP_PIPE, useFactory: () => createValidationPipe() },
      { provide: APP_FILTER, useClass: HttpErrorFilter },
    ],
  };
  const adapter = createServerAdapter({
    logger: pino({ enabled: false }),
    trustedProxies: [],
    patience: {
      idleMs: 10_000,
      headersMs: 10_000,
      keepAliveMs: 1_000,
      minimumRate: { bytesPerSecond: 1, windowMs: 10_000 },
    },
  });
  const app = await NestFactory.create<NestFastifyApplication>(module, adapter, {
    logger: false,
    bodyParser: false,
    abortOnError: false,
  });
  routeDirectly(app, adapter.getInstance(), ({ routeOptions, headers }) => {
    seen.push(routeOptions.url ?? '');
    if (headers['x-check'] === 'refuse') throw new CodedError(CommonErrors.unavailable, 'Not you.');
  });
  await app.listen(0, '127.0.0.1');
  return app;
}

describe('direct operations', () => {
  const checked: string[] = [];
  let app: NestFastifyApplication;

  beforeAll(async () => {
    app = await start([controllerOf('usual', usual), controllerOf('direct', direct)], checked);
  });
  afterAll(() => app.close());

  const fetched = async (path: string, request: RequestInit): Promise<Record<string, unknown>> => {
    const answer = await fetch(`${await app.getUrl()}${path}`, request);
    const headers = Object.fromEntries([...answer.headers].filter(([name]) => name !== 'date'));
    return { status: answer.status, headers, text: await answer.text() };
  };
  const ask = (path: string, method = 'GET', body?: unknown): Promise<Record<string, unknown>> => {
    const type: Record<string, string> = body === undefined ? {} : { 'content-type': 'application/json' };
    return fetched(path, {
      method,
      headers: { 'x-request-id': 'the-same-for-all', ...type },
      body: body === undefined ? null : JSON.stringify(body),
    });
  };

  it.each([
    { path: 'echo/a' },
    { path: 'echo/a%2Fb?count=3' },
    { path: 'echo/a?count=10' },
    { path: 'echo/a?counts=1' },
    { path: 'echo/a', method: 'HEAD' },
    { path: 'echo/' },
    { path: 'send' },
    { path: 'send', method: 'HEAD' },
    { path: 'take', method: 'POST', body: {} },
    { path: 'take', method: 'POST', body: { what: 'tea' } },
    { path: 'take', method: 'POST', body: { what: 'nothing' } },
    { path: 'take', method: 'POST', body: { what: 'created' } },
    { path: 'take', method: 'POST', body: { what: 'teapot' } },
    { path: 'take', method: 'POST', body: { what: 'fault' } },
    { path: 'take', method: 'POST', body: { what: 'longer than ten' } },
    { path: 'take', method: 'POST', body: { other: 1 } },
  ])('answer %j as Nest would', async ({ path, method, body }: Asked) => {
    expect(await ask(`/direct/${path}`, method, body)).toEqual(await ask(`/usual/${path}`, method, body));
  });

  it('are let in by the check, and others are left to Nest', async () => {
    checked.length = 0;
    await ask('/direct/send');
    await ask('/usual/send');
    expect(checked).toEqual(['/direct/send']);
    const refused = await fetched('/direct/send', { headers: { 'x-check': 'refuse' } });
    expect(refused['status']).toBe(503);
    expect(refused['text']).toContain('Not you.');
  });

  it('cannot have what would be left out', async () => {
    class PipedController {
      piped(id: number): unknown {
        return id;
      }
    }
    const { prototype } = PipedController;
    const descriptor = Object.getOwnPropertyDescriptor(
      prototype,
      'piped',
    ) as TypedPropertyDescriptor<unknown>;
    Controller('piped')(PipedController);
    Get(':id')(prototype, 'piped', descriptor);
    Operation({ ...direct })(prototype, 'piped', descriptor);
    UsePipes(ParseIntPipe)(prototype, 'piped', descriptor);
    await expect(start([PipedController])).rejects.toThrow(/PipedController\.piped has __pipes__/);
  });
});
