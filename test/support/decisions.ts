import { randomUUID } from 'node:crypto';

import { freshId, type Api } from './api.js';
import { uploadText, type Victim } from './isolation.js';
import { errorCodeOf, fillPath, type Operation } from './operations.js';
import { rawRequest } from './raw-request.js';

/** What a request carries beyond its credential. */
export interface Extra {
  /** Header lines. */
  readonly lines?: readonly string[];
  /** With its question mark. */
  readonly query?: string;
}

/**
 * A target for an operation that may be asked any number of times: reading ones name what the tenant has, writing ones
 * what nobody has, so that an answer depends on nothing that was asked before.
 */
export function repeatableTarget({ method, path }: Operation, victim: Victim): string {
  const reads = method === 'GET' || method === 'HEAD';
  return fillPath(path, {
    tenant_id: victim.tenant.id,
    sub_tenant_id: reads ? 'default' : freshId('nowhere'),
    source_id: reads ? victim.sourceId : randomUUID(),
    token_id: reads ? victim.tokenId : randomUUID(),
    link_id: randomUUID(),
    key_id: '65535',
    link: new URL(victim.url).pathname.slice('/l/'.length),
    upload_id: reads ? victim.uploadId : randomUUID(),
    upload: uploadText(victim),
  });
}

/** What a gateway decides about an operation on a tenant's things, asked without a body: status and error code. */
export async function decide(
  victim: Victim,
  operation: Operation,
  caller: Api,
  { lines = [], query = '' }: Extra = {},
): Promise<string> {
  const token = caller.token === null ? [] : [`Authorization: Bearer ${caller.token}`];
  // An empty upload would be one.
  const condition = operation.method === 'PUT' ? ['If-Match: "x"'] : [];
  const target = `${repeatableTarget(operation, victim)}${query}`;
  const all = [...token, ...condition, ...lines];
  const { status, body } = await rawRequest(caller.url, operation.method, target, all);
  return `${status} ${errorCodeOf(body) ?? ''}`;
}
