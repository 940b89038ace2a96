import type { Page } from '#kernel';
import { applyDecorators, type Type } from '@nestjs/common';
import { ApiExtraModels, ApiOkResponse, getSchemaPath } from '@nestjs/swagger';

/** A page of a list, as answered. */
export interface PageDto<T> {
  readonly data: readonly T[];
  readonly pagination: { readonly limit: number; readonly next_cursor: string | null };
}

/** Renders a page; `limit` is the one that was in force. */
export function renderPage<T, R>(page: Page<T>, limit: number, render: (item: T) => R): PageDto<R> {
  return { data: page.items.map(render), pagination: { limit, next_cursor: page.nextCursor } };
}

/** Documents a list answer. */
export function ApiPage(item: Type): MethodDecorator {
  const pagination = {
    type: 'object' as const,
    required: ['limit', 'next_cursor'],
    properties: {
      limit: { type: 'integer' as const, example: 20 },
      next_cursor: { type: 'string' as const, nullable: true, example: null },
    },
  };
  const schema = {
    type: 'object' as const,
    required: ['data', 'pagination'],
    properties: { data: { type: 'array' as const, items: { $ref: getSchemaPath(item) } }, pagination },
  };
  return applyDecorators(
    ApiExtraModels(item),
    ApiOkResponse({ description: 'A page; `next_cursor` is null on the last one.', schema }),
  );
}
