import { inspect } from 'node:util';
import { describe, expect, it } from '@jest/globals';
import { ConfigError, parseConfig } from './index.js';

const S3 = {
  GATEHOLD_STORAGE_ADAPTER: 's3',
  GATEHOLD_STORAGE_BUCKET: 'docs',
  GATEHOLD_STORAGE_ACCESS_KEY_ID: 'key-to-keep',
  GATEHOLD_STORAGE_SECRET_ACCESS_KEY: 'secret-to-keep',
};
const AZURE = {
  GATEHOLD_STORAGE_ADAPTER: 'azure',
  GATEHOLD_STORAGE_ENDPOINT: 'https://acme.blob.example.com/',
  GATEHOLD_STORAGE_BUCKET: 'docs',
  GATEHOLD_STORAGE_ACCOUNT_NAME: 'acme',
  GATEHOLD_STORAGE_ACCOUNT_KEY: 'c2VjcmV0',
};

/** Names of the variables at fault, without what they begin with. */
function faults(env: NodeJS.ProcessEnv): string[] {
  try {
    parseConfig(env);
    return [];
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return error.faults.map(({ name }) => name.replace('GATEHOLD_STORAGE_', '')).sort();
  }
}

describe('the default storage', () => {
  it('is what the variables say, with secrets that are never printed', () => {
    const { storage } = parseConfig(S3);
    expect(storage).toMatchObject({ adapter: 's3', bucket: 'docs', profile: null, create: false });
    expect(storage.secretAccessKey?.reveal()).toBe('secret-to-keep');
    expect(inspect(storage, { depth: 5 }) + JSON.stringify(storage)).not.toContain('to-keep');
    expect(parseConfig(AZURE).storage.endpoint).toBe('https://acme.blob.example.com');
  });

  it('names everything that an adapter cannot do without', () => {
    expect(faults({ GATEHOLD_STORAGE_ADAPTER: 's3' })).toEqual([
      'ACCESS_KEY_ID',
      'BUCKET',
      'SECRET_ACCESS_KEY',
    ]);
    expect(faults({ GATEHOLD_STORAGE_ADAPTER: 'azure' })).toEqual([
      'ACCOUNT_KEY',
      'ACCOUNT_NAME',
      'BUCKET',
      'ENDPOINT',
    ]);
    expect(faults({ ...S3, GATEHOLD_STORAGE_PROFILE: 'ceph' })).toEqual(['ENDPOINT']);
  });

  it('names everything that has no meaning with an adapter', () => {
    expect(faults({ ...S3, GATEHOLD_STORAGE_ADAPTER: 'filesystem' })).toEqual([
      'ACCESS_KEY_ID',
      'BUCKET',
      'SECRET_ACCESS_KEY',
    ]);
    expect(faults({ GATEHOLD_STORAGE_DELIVERY: 'direct' })).toEqual(['DELIVERY']);
    expect(faults({ GATEHOLD_STORAGE_DELIVERY: 'proxy' })).toEqual([]);
    expect(faults({ ...AZURE, GATEHOLD_STORAGE_REGION: 'x', GATEHOLD_STORAGE_SESSION_TOKEN: 'y' })).toEqual([
      'REGION',
      'SESSION_TOKEN',
    ]);
  });

  it('has a host for an endpoint on S3, and nothing behind it', () => {
    expect(faults({ ...S3, GATEHOLD_STORAGE_ENDPOINT: 'https://s3.example.com/docs' })).toEqual(['ENDPOINT']);
    expect(faults({ ...S3, GATEHOLD_STORAGE_ENDPOINT: 'https://s3.example.com/' })).toEqual([]);
  });

  it.each(['../x', '/x', 'x/', 'a b', 'x'.repeat(300)])('has no prefix such as %j', (prefix) => {
    expect(faults({ ...S3, GATEHOLD_STORAGE_PREFIX: prefix })).toEqual(['PREFIX']);
  });
});
