import { openSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { CodedError, CommonErrors } from '#kernel';
import { isOpenAt } from './descriptor-path.js';
import { closeQuietly, realPath } from './file-calls.js';
import { readFailure, writeFailure } from './filesystem.errors.js';

function failed(code: string): Error {
  return Object.assign(new Error(`${code}: open '/srv/secret/path'`), { code });
}

describe('file system failures', () => {
  it.each([
    ['ENOSPC', 'insufficient_storage'],
    ['EDQUOT', 'insufficient_storage'],
    ['EFBIG', 'insufficient_storage'],
    ['EIO', 'storage_unavailable'],
    ['EROFS', 'storage_unavailable'],
    ['EACCES', 'storage_unavailable'],
    ['EMFILE', 'storage_unavailable'],
    ['ENOENT', 'storage_unavailable'],
  ])('ST-04 answers %s while writing with %s, and keeps the path to the log', (errno, code) => {
    const error = writeFailure(failed(errno));
    expect([error.kind.code, error.message.includes('/srv')]).toEqual([code, false]);
    expect(error.cause).toMatchObject({ code: errno });
  });

  it.each([
    ['ELOOP', 'content_unavailable'],
    ['ENXIO', 'content_unavailable'],
    ['ENOTDIR', 'content_unavailable'],
    ['EIO', 'storage_unavailable'],
    ['EACCES', 'storage_unavailable'],
  ])('ST-05 answers %s while reading with %s', (errno, code) => {
    expect(readFailure(failed(errno)).kind.code).toBe(code);
  });

  it('passes coded errors on', () => {
    const error = new CodedError(CommonErrors.payloadTooLarge, 'Too much.');
    expect([writeFailure(error), readFailure(error)]).toEqual([error, error]);
  });

  it('tells where a descriptor is, with /proc and without', async () => {
    const path = await realPath(tmpdir());
    const descriptor = openSync(path, 'r');
    expect([await isOpenAt(descriptor, path), await isOpenAt(descriptor, path, false)]).toEqual([true, true]);
    expect(await isOpenAt(descriptor, join(path, 'absent'), false).catch(() => false)).toBe(false);
    expect(await isOpenAt(descriptor, '/')).toBe(false);
    await closeQuietly(descriptor);
  });
});
