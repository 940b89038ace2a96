import { describe, expect, it } from '@jest/globals';
import { STORAGE_PROFILES } from '#config';
import { CodedError } from '#kernel';
import { S3_PROFILES } from '#storage-s3';

import { parseBindingWish } from './binding-wish.js';
import type { PutStorageBindingDto } from './storage-binding.dto.js';
import { PROFILES } from './storage-binding.js';

const KEYS = { access_key_id: 'AKIA', secret_access_key: 'shh' };
const CEPH = { adapter: 's3', profile: 'ceph', endpoint: 'https://s3.example.com', bucket: 'docs' } as const;
const AZURE = { adapter: 'azure', endpoint: 'https://acme.blob.example.com', container: 'docs' } as const;

/** The fields that a body gets wrong, and how. */
function faults(body: PutStorageBindingDto): string[] {
  try {
    parseBindingWish(body);
    return [];
  } catch (error) {
    if (!(error instanceof CodedError)) throw error;
    expect(error.kind).toMatchObject({ status: 422, code: 'validation_failed' });
    const errors = error.fields['errors'] as { field: string; code: string }[];
    return errors.map(({ field, code }) => `${field} ${code}`).sort();
  }
}

describe('what a binding may say', () => {
  it('is one place with its usual values filled in', () => {
    const { credentials, ...rest } = parseBindingWish({ ...CEPH, prefix: 'a/b', credentials: KEYS });
    expect(rest).toEqual({
      place: {
        adapter: 's3',
        profile: 'ceph',
        endpoint: 'https://s3.example.com',
        region: null,
        bucket: 'docs',
        prefix: 'a/b',
      },
      create: false,
      delivery: 'direct',
    });
    expect(credentials?.reveal()).toEqual(KEYS);
    expect(JSON.stringify(credentials)).not.toContain('shh');
  });

  it('is `proxy` for the data folder, whatever was asked for', () => {
    expect(parseBindingWish({ adapter: 'filesystem', delivery: 'direct' }).delivery).toBe('proxy');
  });

  it.each([
    ['HTTPS://S3.Example.COM:443/', 'https://s3.example.com'],
    ['http://[::1]:7480', 'http://[::1]:7480'],
    ['http://0x7f.1:80', 'http://127.0.0.1'],
  ])('has endpoints in one spelling: %s', (given, kept) => {
    expect(parseBindingWish({ ...CEPH, endpoint: given, credentials: KEYS }).place.endpoint).toBe(kept);
  });

  it('keeps the path of an endpoint on Azure, which names the account there', () => {
    const endpoint = 'http://127.0.0.1:10000/devstoreaccount1/';
    expect(parseBindingWish({ ...AZURE, endpoint }).place.endpoint).toBe(endpoint.slice(0, -1));
  });

  it.each([
    'ftp://s3.example.com',
    's3.example.com',
    'https://user:secret@s3.example.com',
    'https://s3.example.com?x=1',
    'https://s3.example.com#x',
    'https://s3.example.com\\@inside',
    'https://s3.example.com/bucket',
    'https://',
    ' https://s3.example.com',
  ])('has no endpoint such as %s', (endpoint) => {
    expect(faults({ ...CEPH, endpoint })).toEqual(['endpoint invalid']);
  });

  it('names each field that the adapter does not take or cannot do without', () => {
    expect(faults({ adapter: 's3' })).toEqual(['bucket missing']);
    expect(faults({ adapter: 's3', profile: 'ceph', bucket: 'docs' })).toEqual(['endpoint missing']);
    expect(faults({ adapter: 'azure' })).toEqual(['container missing', 'endpoint missing']);
    expect(faults({ ...AZURE, profile: 'ceph', region: 'x', bucket: 'y' })).toEqual([
      'bucket invalid',
      'profile invalid',
      'region invalid',
    ]);
    expect(faults({ adapter: 'filesystem', bucket: 'x', prefix: 'y', create: true })).toEqual([
      'bucket invalid',
      'create invalid',
      'prefix invalid',
    ]);
  });

  it('names each credential that is missing, unknown or malformed', () => {
    expect(faults({ ...CEPH, credentials: {} })).toEqual([
      'credentials.access_key_id missing',
      'credentials.secret_access_key missing',
    ]);
    const odd = { ...KEYS, access_key_id: 'a/b', session_token: 7, account_key: 'x', constructor: 'y' };
    expect(faults({ ...CEPH, credentials: odd })).toEqual([
      'credentials.access_key_id invalid',
      'credentials.account_key unknown',
      'credentials.constructor unknown',
      'credentials.session_token invalid',
    ]);
    expect(faults({ ...AZURE, credentials: { account_name: 'acme', account_key: 'no base64' } })).toEqual([
      'credentials.account_key invalid',
    ]);
  });

  it('never repeats what was given', () => {
    const body = { ...CEPH, endpoint: 'ftp://hidden-host', credentials: { access_key_id: 'hid/den' } };
    expect(() => parseBindingWish(body)).toThrow(CodedError);
    expect(() => parseBindingWish(body)).not.toThrow(/hid/);
  });
});

describe('the profiles', () => {
  it('are the same in the API, in the settings and in the adapter', () => {
    expect(PROFILES).toEqual(STORAGE_PROFILES);
    expect([...PROFILES].sort()).toEqual(Object.keys(S3_PROFILES).sort());
  });
});
