import type { OperationOptions } from '#http';
import type { RouteClass } from '#kernel';

const SAFE: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS']);

/** What an operation is counted as: told from what it declares of itself, and nowhere else. */
export function routeClassOf({ transfers, body, access }: OperationOptions, method: string): RouteClass {
  if (transfers === true || body === 'raw' || body === 'multipart') return 'content';
  if (SAFE.has(method)) return 'read';
  // Some that only read are asked with POST, since their question is long.
  const reads = typeof access === 'object' && access.anyOf.every((scope) => scope.endsWith(':read'));
  return reads ? 'read' : 'write';
}
