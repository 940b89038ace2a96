import { describe, expect, it } from '@jest/globals';
import { CodedError, Secret } from '#kernel';
import { StorageErrors } from '#storage';
import { parseS3Settings, type S3Settings } from './s3.settings.js';

const GOOD = {
  profile: 'ceph',
  endpoint: 'http://store.example:7480/',
  bucket: 'files',
  access_key_id: 'key',
  secret_access_key: new Secret('secret'),
};

function parsed(settings: Readonly<Record<string, unknown>>): S3Settings {
  return parseS3Settings({ id: 'one', driver: 's3', settings: { ...GOOD, ...settings } });
}

describe('the settings of an S3 binding', () => {
  it('are taken, with what their profile knows', () => {
    expect(parsed({})).toMatchObject({
      endpoint: 'http://store.example:7480',
      region: 'us-east-1',
      prefix: '',
    });
    const aws = parsed({ profile: 'aws', endpoint: undefined, region: 'eu-central-1' });
    expect(aws.endpoint).toBe('https://s3.eu-central-1.amazonaws.com');
  });

  it.each(['a', 'a/b', 'a b+c', 'résumé/日本', '%2e%2e', "it's (1)*", '...'])(
    'take the prefix %j',
    (prefix) => {
      expect(parsed({ prefix }).prefix).toBe(prefix);
    },
  );

  it.each([
    ['profile', 'constructor'],
    ['profile', '__proto__'],
    ['profile', 'swift'],
    ['profile', 7],
    ['endpoint', 'nonsense'],
    ['endpoint', 7],
    ['region', 'x.evil.example/'],
    ['region', 'a b'],
    ['bucket', '../admin'],
    ['bucket', 'a/b'],
    ['bucket', 'arn:aws:s3:::files'],
    ['bucket', 'x?y'],
    ['bucket', 'a..b'],
    ['bucket', 'x'],
    ['bucket', ''],
    ['prefix', '..'],
    ['prefix', 'a/../b'],
    ['prefix', './a'],
    ['prefix', '/a'],
    ['prefix', 'a/'],
    ['prefix', 'a//b'],
    ['prefix', 'a\nb'],
    ['prefix', '\ud800'],
    ['prefix', 'ä'.repeat(300)],
    ['access_key_id', ''],
    ['secret_access_key', 'bare text'],
    ['session_token', 'bare text'],
  ])('refuse the %s %j, naming the setting and not its value', (name, value) => {
    expect(() => parsed({ [name]: value })).toThrow(
      new CodedError(StorageErrors.unavailable, `The storage binding's ${name} cannot be used.`),
    );
  });
});
