import { DEFAULT_PAGE_LIMIT, MAX_PAGE_LIMIT, type PageRequest } from '#kernel';

import { IntegerField, TextField } from './fields.decorator.js';

/** Where a list goes on, and how many rows a page has. */
export class PageQuery {
  @IntegerField({
    description: `Rows of a page; ${DEFAULT_PAGE_LIMIT} when absent.`,
    min: 1,
    max: MAX_PAGE_LIMIT,
    optional: true,
    query: true,
    example: DEFAULT_PAGE_LIMIT,
  })
  limit?: number;

  @TextField({
    description: '`next_cursor` of the page before; absent for the first.',
    max: 4096,
    optional: true,
  })
  cursor?: string;
}

/** The page a query asks for. */
export function pageRequest(query: PageQuery): PageRequest {
  return { limit: query.limit ?? DEFAULT_PAGE_LIMIT, cursor: query.cursor };
}
