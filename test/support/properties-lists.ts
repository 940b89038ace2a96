import { expect } from '@jest/globals';

import { expectStatus, type Api, type TestTenant } from './api.js';
import type { PropertyGateway } from './property-gateway.js';

/** Every list of the API. */
export const LISTS = ['sources', 'links', 'sub-tenants', 'tokens', 'tenants'] as const;

/** One list as one caller sees it. */
export interface List {
  readonly path: string;
  readonly token: string | null;
  /** The member of a row that holds its id. */
  readonly key: string;
  /** Ids of all its rows, in order. */
  readonly all: readonly string[];
  /** The cursor after two rows. */
  readonly cursor: string;
}

export type Lists = Readonly<Record<(typeof LISTS)[number], List>>;

/** Gives a tenant so many rows in each of its lists; tokens it has. */
export async function fillLists({ id, admin, editor }: TestTenant, rows: number): Promise<void> {
  for (let row = 0; row < rows; row += 1) {
    expectStatus(await editor.put(`${id}-${row}`, 'x'), 201);
    expectStatus(await editor.post(`/v1/sources/${id}-${row}/links`, {}), 201);
    expectStatus(await admin.post(`/v1/tenants/${id}/sub-tenants`, { sub_tenant_id: `${id}-${row}` }), 201);
  }
}

/** Reads the lists of a tenant's administrator, and the platform's list of tenants; each has more than three rows. */
export async function readLists(at: PropertyGateway, { id, admin }: TestTenant): Promise<Lists> {
  return {
    sources: await readList(at, admin, '/v1/sources', 'source_id'),
    links: await readList(at, admin, '/v1/links', 'link_id'),
    'sub-tenants': await readList(at, admin, `/v1/tenants/${id}/sub-tenants`, 'sub_tenant_id'),
    tokens: await readList(at, admin, `/v1/tenants/${id}/tokens`, 'token_id'),
    tenants: await readList(at, at.root, '/v1/tenants', 'tenant_id'),
  };
}

async function readList(at: PropertyGateway, { token }: Api, path: string, key: string): Promise<List> {
  const whole = await at.ask({ path: `${path}?limit=100`, token });
  const two = await at.ask({ path: `${path}?limit=2`, token });
  const all = whole.json.data.map((row: Record<string, string>) => row[key]) as string[];
  expect([whole.json.pagination.next_cursor, all.length > 3]).toEqual([null, true]);
  return { path, token, key, all, cursor: two.json.pagination.next_cursor as string };
}
