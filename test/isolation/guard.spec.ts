import { beforeAll, describe, expect, it } from '@jest/globals';

import { readOperations } from '../support/operations.js';
import { readRouteTable, type Route } from '../support/route-table.js';
import { sharedGateway } from '../support/shared-gateway.js';
import { ThrowawayDatabase } from '../support/test-database.js';

const { root } = sharedGateway();

/**
 * Every route that answers without a token, and why. A route is either here or declares the scopes it accepts;
 * whoever adds one here gives it to everybody.
 */
const PUBLIC = [
  'GET /docs', // Swagger UI: the description and scripts, no data
  'GET /docs/',
  'GET /docs/*',
  'GET /docs/LICENSE',
  'GET /docs/docs/swagger-ui-init.js',
  'GET /docs/index.html',
  'GET /docs/swagger-ui-init.js',
  'GET /health/live', // load balancers
  'GET /health/ready',
  'GET /metrics', // counters without names
  'GET /l/{link}', // the link is the credential
  'GET /openapi.json', // the description
  'PUT /u/{upload}', // so is the URL of an upload
];

/** Routes that any valid token may call. */
const AUTHENTICATED = ['GET /v1/me'];

let routes: Route[];

beforeAll(async () => {
  const throwaway = await ThrowawayDatabase.create();
  try {
    routes = await readRouteTable(throwaway);
  } finally {
    await throwaway.drop();
  }
}, 60_000);

/** `GET /v1/x/{id}`; the HEAD that comes with a GET counts as that GET. */
function nameOf({ method, path }: { method: string; path: string }): string {
  return `${method === 'HEAD' ? 'GET' : method} ${path.replaceAll(/:(\w+)/g, '{$1}')}`;
}

describe('AN-07: the route test', () => {
  it('every route of the router declares scopes, or is in the one list of public ones', () => {
    const open = routes.filter(({ access }) => access === null || access === 'public').map(nameOf);
    expect([...new Set(open)].sort()).toEqual([...PUBLIC].sort());
    const undemanding = routes.filter(({ access }) => access === 'authenticated').map(nameOf);
    expect([...new Set(undemanding)]).toEqual(AUTHENTICATED);
    const demanding = routes.filter(({ access }) => typeof access === 'object' && access !== null);
    expect(demanding.length).toBeGreaterThan(30);
    for (const { access } of demanding)
      expect((access as { anyOf: string[] }).anyOf.length).toBeGreaterThan(0);
  });

  it('the running gateway describes the routes that the router has, with their scopes', async () => {
    const described = await readOperations(root);
    const declared = routes.filter(({ access }) => access !== null);
    expect([...new Set(described.map(nameOf))].sort()).toEqual([...new Set(declared.map(nameOf))].sort());
    for (const { access, ...route } of declared) {
      const name = nameOf(route);
      const page = described.find((one) => nameOf(one) === name);
      const scopes = typeof access === 'object' && access !== null ? access.anyOf : [];
      expect([name, page?.scopes, page?.secured]).toEqual([name, scopes, !PUBLIC.includes(name)]);
    }
  });
});
