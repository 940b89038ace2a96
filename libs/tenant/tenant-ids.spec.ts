import { describe, expect, it } from '@jest/globals';
import { assert, property, string, stringMatching } from 'fast-check';
import { isReservedId, meansDefaultSubTenant, TENANT_ID } from './tenant-ids.js';

describe('TENANT_ID', () => {
  it.each(['a', 'A', '0', 'acme', 'Acme_GmbH', 't-018f2a3c', 'a.b-c_d', 'a..b', `a${'b'.repeat(63)}`])(
    'takes %p',
    (id) => {
      expect(TENANT_ID.test(id)).toBe(true);
    },
  );

  it.each([
    '',
    ' ',
    '.',
    '..',
    '-a',
    '_a',
    '.hidden',
    'a b',
    'a/b',
    'a\\b',
    'a%2fb',
    'a,b',
    'a:b',
    'a\n',
    '\na',
    'a\u0000',
    'ä',
    'a／b',
    'аcme',
    `a${'b'.repeat(64)}`,
  ])('AZ-19: refuses %p', (id) => {
    expect(TENANT_ID.test(id)).toBe(false);
  });

  it('takes nothing that a header, a path or a log line would read otherwise', () => {
    assert(
      property(string({ unit: 'binary' }), (id) => !TENANT_ID.test(id) || encodeURIComponent(id) === id),
    );
  });
});

describe('isReservedId', () => {
  it.each(['default', 'gatehold', 'me', 'null', 'platform', 'root', 'system', 'undefined'])(
    'AN-13: keeps %p for the gateway, in any case',
    (id) => {
      expect(isReservedId(id)).toBe(true);
      expect(isReservedId(id.toUpperCase())).toBe(true);
      expect(isReservedId(`${id.slice(0, 1).toUpperCase()}${id.slice(1)}`)).toBe(true);
    },
  );

  it.each(['acme', 'default1', 'my-root', 'root.', 'roots', 'constructor', '__proto__'])(
    'leaves %p to tenants',
    (id) => {
      expect(isReservedId(id)).toBe(false);
    },
  );
});

describe('meansDefaultSubTenant', () => {
  it.each([null, undefined, '', 'default', 'acme'])(
    'takes %p for the default one of the tenant acme',
    (id) => {
      expect(meansDefaultSubTenant(id, 'acme')).toBe(true);
    },
  );

  it.each(['Default', 'DEFAULT', 'Acme', 'acme2', ' ', 'null'])(
    'takes %p for a sub-tenant of that name',
    (id) => {
      expect(meansDefaultSubTenant(id, 'acme')).toBe(false);
    },
  );

  it('takes no other id for it', () => {
    assert(
      property(stringMatching(/^[A-Za-z0-9][A-Za-z0-9_.-]{0,20}$/), (id) => {
        expect(meansDefaultSubTenant(id, 'acme')).toBe(id === 'default' || id === 'acme');
      }),
    );
  });
});
