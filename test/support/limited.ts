import { expectStatus, makeProxyTenant, type Answer, type Api, type TestTenant } from './api.js';

/** How often requests get through in these suites: so rarely that a slow machine adds few. */
export function rarely(burst: number): { per_second: number; burst: number } {
  return { per_second: 1, burst };
}

/** A tenant with limits, set by the platform; the gateway itself answers its links. */
export async function makeLimited(root: Api, limits: object): Promise<TestTenant> {
  const tenant = await makeProxyTenant(root);
  await limit(root, tenant, limits);
  return tenant;
}

export async function limit(root: Api, { id }: TestTenant, limits: object | null): Promise<void> {
  expectStatus(await root.patch(`/v1/tenants/${id}`, { limits }), 200);
}

/** So many requests at the same moment. */
export function atOnce(count: number, ask: () => Promise<Answer>): Promise<Answer[]> {
  return Promise.all(Array.from({ length: count }, ask));
}

/** What is said of a policy in `RateLimit`: `{r, t}`; null where nothing is. */
export function standingOf(
  { headers }: Pick<Answer, 'headers'>,
  policy: string,
): Record<string, number> | null {
  return read(headers.get('ratelimit'), policy);
}

/** What is said of a policy in `RateLimit-Policy`: `{q, w, qu}`; null where nothing is. */
export function policyOf(
  { headers }: Pick<Answer, 'headers'>,
  policy: string,
): Record<string, number> | null {
  return read(headers.get('ratelimit-policy'), policy);
}

function read(field: string | null, policy: string): Record<string, number> | null {
  const item = field?.split(', ').find((text) => text.startsWith(`"${policy}";`));
  if (item === undefined) return null;
  const parameters = item
    .split(';')
    .slice(1)
    .map((parameter) => parameter.split('='));
  return Object.fromEntries(parameters.map(([name = '', value = '']) => [name, JSON.parse(value) as number]));
}
