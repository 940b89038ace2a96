import type { INestApplicationContext, Type } from '@nestjs/common';
import * as metadata from '@nestjs/common/constants.js';
import { RouteParamtypes } from '@nestjs/common/enums/route-paramtypes.enum.js';
import { ModulesContainer } from '@nestjs/core';
import { ExecutionContextHost } from '@nestjs/core/helpers/execution-context-host.js';
import { andThen, type MaybePromise } from '#kernel';
import type { FastifyInstance } from 'fastify';

import type { GatewayReply, GatewayRequest } from './gateway-request.js';
import { sendError } from './http-error.filter.js';
import { OPERATION, type OperationOptions } from './operation.js';
import { createValidationPipe } from './validation.pipe.js';

/** Throws unless a request may reach its handler. */
export type RequestCheck = (request: GatewayRequest) => void;

type Method = (...values: unknown[]) => unknown;
/** A method of a controller that answers an operation. */
interface Handler {
  readonly controller: object;
  readonly name: string;
  readonly method: Method;
}
/** A request on its way through a method, and what Nest's decorators look at it by. */
type Call = ExecutionContextHost;
/** Makes one value of what a method is called with; a promise where it has to be checked first. */
type Argument = (call: Call) => unknown;

/** What Nest notes of a parameter that has a decorator. */
interface NotedParameter {
  readonly index: number;
  readonly data?: unknown;
  readonly pipes?: readonly unknown[];
  readonly factory?: (data: unknown, context: ExecutionContextHost) => unknown;
}

/** What a parameter is, by the number that Nest has for its kind; one that is named is a part of that. */
const READERS = new Map<string, Argument>([
  [`${RouteParamtypes.REQUEST}`, requestOf],
  [`${RouteParamtypes.RESPONSE}`, (call) => call.getArgByIndex<unknown>(1)],
  [`${RouteParamtypes.BODY}`, (call) => requestOf(call).body],
  [`${RouteParamtypes.QUERY}`, (call) => requestOf(call).query],
  [`${RouteParamtypes.PARAM}`, (call) => requestOf(call).params],
]);
const CHECKED = new Map<string, 'body' | 'query' | 'param'>([
  [`${RouteParamtypes.BODY}`, 'body'],
  [`${RouteParamtypes.QUERY}`, 'query'],
  [`${RouteParamtypes.PARAM}`, 'param'],
]);

/**
 * Has the server call the methods of operations that are declared `direct` itself, with what their decorators ask for. What
 * Nest would do for each request of theirs (a context for every guard, parameter and interceptor, and a promise for every
 * step) costs more than their own work. What it does for them is done here: `check` in place of the guard, the fields of a
 * DTO, status and headers as declared, errors as the filter answers them. Call it before the routes are made.
 */
export function routeDirectly(
  app: INestApplicationContext,
  server: FastifyInstance,
  check: RequestCheck,
): void {
  const handlers = directHandlers(app);
  server.addHook('onRoute', (route) => {
    const handler = handlers.get(route.config?.operation);
    if (handler === undefined) return;
    const usual = route.handler;
    const direct = directly(handler, check);
    route.handler = function (request, reply) {
      // A path with an empty segment leads nowhere, and Nest's own handler says so.
      if (hasEmptySegment(request.params as Record<string, string>)) return usual.call(this, request, reply);
      direct(request, reply);
      return undefined;
    };
  });
}

function hasEmptySegment(parameters: Record<string, string>): boolean {
  for (const name in parameters) if (parameters[name] === '') return true;
  return false;
}

function requestOf(call: Call): GatewayRequest {
  return call.getArgByIndex<GatewayRequest>(0);
}

function directHandlers(app: INestApplicationContext): Map<OperationOptions | undefined, Handler> {
  const handlers = new Map<OperationOptions | undefined, Handler>();
  for (const { controllers } of app.get(ModulesContainer).values())
    for (const { instance } of controllers.values())
      for (const handler of handlersOf(instance)) {
        const operation = Reflect.getMetadata(OPERATION, handler.method) as OperationOptions | undefined;
        if (operation?.direct === true) handlers.set(operation, handler);
      }
  return handlers;
}

function handlersOf(controller: object): Handler[] {
  const prototype = Object.getPrototypeOf(controller) as Record<string, unknown>;
  return Object.getOwnPropertyNames(prototype)
    .filter((name) => name !== 'constructor' && typeof prototype[name] === 'function')
    .map((name) => ({ controller, name, method: prototype[name] as Method }));
}

function directly(
  handler: Handler,
  check: RequestCheck,
): (request: GatewayRequest, reply: GatewayReply) => void {
  assertPlain(handler);
  const { controller, method } = handler;
  const values = argumentsOf(handler);
  const status = (Reflect.getMetadata(metadata.HTTP_CODE_METADATA, method) as number | undefined) ?? 200;
  const headers = (Reflect.getMetadata(metadata.HEADERS_METADATA, method) ?? []) as {
    name: string;
    value: string;
  }[];
  const sendsItself = answersItself(handler);
  const type = controller.constructor as Type<unknown>;
  const answer = (request: GatewayRequest, reply: GatewayReply): MaybePromise<void> => {
    check(request);
    void reply.code(status);
    for (const { name, value } of headers) void reply.header(name, value);
    const them = given(values, new ExecutionContextHost([request, reply], type, method));
    const answered = andThen(them, (known) => method.apply(controller, known));
    return andThen(answered, (known) => {
      if (!sendsItself) void reply.send(known);
    });
  };
  return (request, reply) => {
    const fail = (error: unknown): void => sendError(request, reply, error);
    try {
      const work = answer(request, reply);
      if (work instanceof Promise) work.catch(fail);
    } catch (error) {
      fail(error);
    }
  };
}

/** What a method is called with, one after the other; those behind one that has to be waited for wait with it. */
function given(values: readonly Argument[], call: Call): MaybePromise<unknown[]> {
  const known: unknown[] = [];
  for (const argument of values) {
    const value = argument(call);
    // Promises only: a reply can be awaited, too, which takes until it is sent.
    if (value instanceof Promise) return givenLater(known, value, values.slice(known.length + 1), call);
    known.push(value);
  }
  return known;
}

async function givenLater(
  known: readonly unknown[],
  next: Promise<unknown>,
  others: readonly Argument[],
  call: Call,
): Promise<unknown[]> {
  const all = [...known, await next];
  for (const argument of others) {
    const value = argument(call);
    all.push(value instanceof Promise ? await value : value);
  }
  return all;
}

/** Whatever else Nest might have to do for a method would be left out. */
function assertPlain({ controller, name, method }: Handler): void {
  const { GUARDS_METADATA, INTERCEPTORS_METADATA, PIPES_METADATA, EXCEPTION_FILTERS_METADATA } = metadata;
  for (const kind of [GUARDS_METADATA, INTERCEPTORS_METADATA, PIPES_METADATA, EXCEPTION_FILTERS_METADATA])
    if (Reflect.hasMetadata(kind, method) || Reflect.hasMetadata(kind, controller.constructor))
      throw new Error(
        `${controller.constructor.name}.${name} has ${kind}, which a direct operation cannot have.`,
      );
}

function notesOf({ controller, name }: Handler): [string, NotedParameter][] {
  const notes: unknown = Reflect.getMetadata(metadata.ROUTE_ARGS_METADATA, controller.constructor, name);
  return Object.entries((notes ?? {}) as Record<string, NotedParameter>);
}

function answersItself(handler: Handler): boolean {
  const { controller, name } = handler;
  const isPassedThrough: unknown = Reflect.getMetadata(
    metadata.RESPONSE_PASSTHROUGH_METADATA,
    controller.constructor,
    name,
  );
  const takesReply = notesOf(handler).some(([key]) => key.startsWith(`${RouteParamtypes.RESPONSE}:`));
  return takesReply && isPassedThrough !== true;
}

function argumentsOf(handler: Handler): Argument[] {
  const { controller, name } = handler;
  const types = Reflect.getMetadata(metadata.PARAMTYPES_METADATA, controller, name) as Type<unknown>[];
  const values: Argument[] = [];
  for (const [key, noted] of notesOf(handler)) {
    if ((noted.pipes ?? []).length > 0)
      throw new Error(`${name} of a direct operation has a pipe of its own.`);
    values[noted.index] = key.includes(metadata.CUSTOM_ROUTE_ARGS_METADATA)
      ? custom(noted)
      : usual(key.split(':')[0] ?? '', noted, types[noted.index]);
  }
  return values;
}

/** A parameter of a decorator of our own. */
function custom({ data, factory }: NotedParameter): Argument {
  if (factory === undefined) throw new Error('A parameter of a direct operation has no factory.');
  return (call) => factory(data, call);
}

function usual(kind: string, { data }: NotedParameter, type: Type<unknown> | undefined): Argument {
  const whole = READERS.get(kind);
  if (whole === undefined) throw new Error(`Direct operations know no parameters of the kind ${kind}.`);
  if (typeof data === 'string') return (call) => (whole(call) as Record<string, unknown>)[data];
  return checked(whole, kind, type);
}

/** Fields are checked where a DTO says which there are. */
function checked(read: Argument, kind: string, metatype: Type<unknown> | undefined): Argument {
  const type = CHECKED.get(kind);
  if (type === undefined || metatype === undefined || metatype === (Object as unknown)) return read;
  const fields = createValidationPipe();
  return (call) => fields.check(read(call), { type, metatype });
}
