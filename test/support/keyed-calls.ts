import { randomInt, randomUUID } from 'node:crypto';

import { freshId, type Answer, type Api, type TestTenant } from './api.js';

/** One operation that honours `Idempotency-Key`, as it is called in one tenant. */
export interface KeyedCall {
  readonly path: string;
  readonly caller: Api;
  /** A body for which the operation makes something new. */
  readonly body: () => Record<string, unknown>;
  /** What of the answer tells what was made; undefined where nothing is. */
  readonly id: string | undefined;
  readonly status: number;
}

/** Every operation with a JSON body that honours keys. The tenant has a source `one`, and needs its uploader no more. */
export function keyedCalls(
  root: Api,
  { id, admin, editor, uploader }: TestTenant,
): Record<string, KeyedCall> {
  return {
    'POST /v1/tenants': {
      path: '/v1/tenants',
      caller: root,
      body: () => ({ tenant_id: freshId('made'), name: 'Made' }),
      id: 'tenant_id',
      status: 201,
    },
    'POST /v1/tenants/{tenant_id}/sub-tenants': {
      path: `/v1/tenants/${id}/sub-tenants`,
      caller: admin,
      body: () => ({ sub_tenant_id: freshId('sub') }),
      id: 'sub_tenant_id',
      status: 201,
    },
    'POST /v1/tenants/{tenant_id}/tokens': {
      path: `/v1/tenants/${id}/tokens`,
      caller: admin,
      body: () => ({ name: freshId('token'), role: 'viewer' }),
      id: 'token_id',
      status: 201,
    },
    'POST /v1/tenants/{tenant_id}/tokens/{token_id}/rotate': {
      path: `/v1/tenants/${id}/tokens/${tokenIdOf(uploader)}/rotate`,
      caller: admin,
      body: () => ({ overlap_seconds: randomInt(604_800) }),
      id: 'token',
      status: 201,
    },
    'POST /v1/sources/{source_id}/links': {
      path: '/v1/sources/one/links',
      caller: editor,
      body: () => ({ filename: `${freshId('file')}.txt` }),
      id: 'link_id',
      status: 201,
    },
    'POST /v1/links/batch': {
      path: '/v1/links/batch',
      caller: editor,
      body: () => ({ source_ids: ['one', freshId('none')] }),
      id: undefined,
      status: 200,
    },
  };
}

const DIGITS = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';

/** The id of a caller's token, which stands in its text; none of a tenant that is not there yet. */
function tokenIdOf(caller: Api | undefined): string {
  const id = caller?.token?.split('_')[2] ?? '';
  let value = 0n;
  for (const digit of id) value = value * BigInt(DIGITS.length) + BigInt(DIGITS.indexOf(digit));
  const hex = value.toString(16).padStart(32, '0');
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
}

/** A key that nobody has used. */
export function freshKey(): string {
  return randomUUID();
}

/** Posts JSON under a key, exactly as it is written here. */
export function postKeyed(caller: Api, path: string, json: unknown, key: string): Promise<Answer> {
  return caller.post(path, json, { headers: { 'idempotency-key': key } });
}
