import type { OperationOptions } from '#http';
import { describe, expect, it } from '@jest/globals';

import { routeClassOf } from './route-class.js';

const OPERATION = { summary: '', access: 'authenticated', tenancy: 'context' } as const;

describe('routeClassOf', () => {
  it.each<[string, string, Partial<OperationOptions>]>([
    ['read', 'GET', {}],
    ['read', 'HEAD', { access: { anyOf: ['tenants:manage'] } }],
    ['read', 'POST', { access: { anyOf: ['sources:read'] }, body: 'json' }],
    ['write', 'POST', { access: { anyOf: ['sources:read', 'sources:write'] }, body: 'json' }],
    ['write', 'POST', {}],
    ['write', 'DELETE', { access: { anyOf: ['sources:delete'] } }],
    ['content', 'PUT', { body: 'raw' }],
    ['content', 'POST', { body: 'multipart' }],
    ['content', 'GET', { transfers: true }],
    ['content', 'POST', { access: { anyOf: ['sources:read'] }, body: 'json', transfers: true }],
  ])('is %s for %s of what declares %j', (routeClass, method, declared) => {
    expect(routeClassOf({ ...OPERATION, ...declared }, method)).toBe(routeClass);
  });
});
