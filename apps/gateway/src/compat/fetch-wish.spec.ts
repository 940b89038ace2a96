import { createValidationPipe } from '#http';
import { describe, expect, it } from '@jest/globals';
import { asyncProperty, assert, constantFrom, dictionary, oneof, string } from 'fast-check';

import { plainWish, readFetchWish } from './fetch-wish.js';
import { FetchRequestDto } from './fetch.dto.js';

const rules = createValidationPipe('drop');
const byRules = async (body: Record<string, unknown>): Promise<unknown> =>
  await rules.transform({ ...body }, { type: 'body', metatype: FetchRequestDto });

const NAMES = [
  'tenant_id',
  'source_id',
  'id',
  'sub_tenant_id',
  'mode',
  'return_content',
  'expiry_seconds',
  'x',
];
const value = () => oneof(constantFrom<unknown>('acme', 'url', 'both', '', null, true, 3600, {}), string());

describe('what a body of the fetch call asks for', () => {
  it('is what the rules of the DTO say, wherever they are not asked', async () => {
    let plain = 0;
    const isSame = asyncProperty(dictionary(constantFrom(...NAMES), value()), async (drawn) => {
      const body = { tenant_id: 'acme', ...drawn };
      const wish = plainWish(body);
      if (wish === null) return;
      plain += 1;
      expect(wish).toEqual(await byRules(body));
    });
    await assert(isSame, { numRuns: 500 });
    expect(plain).toBeGreaterThan(10);
  });

  it.each([
    [{ tenant_id: 'acme', source_id: '018f2a3c-5b1e-7c3d-8a9b-0c1d2e3f4a5b', mode: 'content' }],
    [{ tenant_id: 'acme', source_id: 'doc 1', expiry_seconds: 60, unknown: 1 }],
    [{ tenant_id: 'acme', id: 'é', sub_tenant_id: null, return_content: false }],
  ])('is read from %j as the rules have it', async (body) => {
    expect(await readFetchWish(body)).toEqual(await byRules(body));
  });

  it.each([
    ['__proto__', '{"tenant_id":"acme","__proto__":"x"}'],
    ['constructor', '{"tenant_id":"acme","constructor":"x"}'],
    ['mode', '{"tenant_id":"acme","mode":"all"}'],
    ['a missing tenant', '{"source_id":"x"}'],
    ['nothing', 'null'],
    ['a list', '["tenant_id"]'],
    ['a text', '"tenant_id"'],
    ['a long id', JSON.stringify({ tenant_id: 'acme', id: 'x'.repeat(1025) })],
  ])('is left to the rules where %s is in it', (_what, json) => {
    expect(plainWish(JSON.parse(json))).toBeNull();
  });
});
