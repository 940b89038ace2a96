import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { readRouteTable, type Route } from '../support/route-table.js';
import { ThrowawayDatabase } from '../support/test-database.js';

let throwaway: ThrowawayDatabase;
let routes: readonly Route[];

beforeAll(async () => {
  throwaway = await ThrowawayDatabase.create();
  routes = await readRouteTable(throwaway);
}, 60_000);

afterAll(() => throwaway.drop());

describe('OP-06: the routes', () => {
  it('that may change something say what the audit log calls it, or that they do not', () => {
    const silent = routes.filter(
      ({ method, access, audit }) =>
        access !== null && audit === 'undeclared' && !['GET', 'HEAD', 'OPTIONS'].includes(method),
    );
    expect(silent.map(({ method, path }) => `${method} ${path}`)).toEqual([]);
  });

  it('that only look declare no change', () => {
    const looking = routes.filter(({ method }) => ['GET', 'HEAD', 'OPTIONS'].includes(method));
    expect(looking.length).toBeGreaterThan(10);
    for (const { path, audit } of looking)
      expect([path, typeof audit === 'object' && audit !== null && 'change' in audit]).toEqual([path, false]);
  });

  it('name kinds and deeds, in two words', () => {
    for (const { audit } of routes)
      if (typeof audit === 'object' && audit !== null)
        expect(Object.values(audit)).toEqual([expect.stringMatching(/^[a-z_]+\.[a-z_]+$/)]);
  });
});
