import { describe, expect, it } from '@jest/globals';
import { Secret } from '#kernel';

import { parseAzureSettings } from './azure.settings.js';

const ACCOUNT_KEY = Buffer.from('a key').toString('base64');
const COMPLETE = {
  endpoint: 'https://account.blob.example/',
  bucket: 'a-container',
  account_name: new Secret('account'),
  account_key: new Secret(ACCOUNT_KEY),
};

function parse(changes: Readonly<Record<string, unknown>>) {
  return parseAzureSettings({ id: 'a', driver: 'azure', settings: { ...COMPLETE, ...changes } });
}

describe('the settings of a binding to Azure', () => {
  it('have a prefix and the making of the container only when asked for', () => {
    expect(parse({})).toMatchObject({ container: 'a-container', prefix: '', create: false });
    expect(parse({ prefix: 'below/here', create: true })).toMatchObject({
      prefix: 'below/here',
      create: true,
    });
    expect(parse({ prefix: null, profile: null, region: null })).toMatchObject({ prefix: '' });
  });

  it.each([
    ['https://account.blob.example', 'https://account.blob.example'],
    ['https://account.blob.example:8443///', 'https://account.blob.example:8443'],
    ['http://127.0.0.1:10000/account/', 'http://127.0.0.1:10000/account'],
  ])('take the whole service URL %s', (endpoint, url) => {
    expect(parse({ endpoint }).endpoint).toBe(url);
  });

  it.each([
    ['endpoint', undefined],
    ['endpoint', 'account.blob.example'],
    ['endpoint', 'ftp://account.blob.example'],
    ['endpoint', 'https://user:password@account.blob.example'],
    ['endpoint', 'https://account.blob.example?sig=abc'],
    ['endpoint', 'https://account.blob.example#here'],
    ['bucket', undefined],
    ['bucket', 'No-Capitals'],
    ['bucket', 'two--dashes'],
    ['bucket', '$root'],
    ['bucket', 'ab'],
    ['bucket', 'x'.repeat(64)],
    ['account_name', undefined],
    ['account_name', 'not a secret'],
    ['account_name', new Secret('')],
    ['account_key', new Secret('not base64')],
    ['account_key', new Secret(7)],
    ['prefix', 7],
  ])('name %s and not its value when it is %j', (name, value) => {
    const failure = (() => {
      try {
        parse({ [name]: value });
        return null;
      } catch (error) {
        return error;
      }
    })();
    expect(failure).toMatchObject({
      kind: { code: 'storage_unavailable' },
      message: `The storage binding's ${name} cannot be used.`,
    });
  });

  it('do not show the key when they are printed', () => {
    expect(JSON.stringify(parse({}))).not.toContain(ACCOUNT_KEY);
  });
});
