import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { execFileSync } from 'node:child_process';
import { chmod, lstat, mkdir, readFile, symlink, unlink, link as hardLink } from 'node:fs/promises';
import { dirname, join } from 'node:path';

import { Api, freshId, makeTenant } from '../support/api.js';
import { untilFiles } from '../support/gateway-inside.js';
import { GatewayProcess } from '../support/gateway-process.js';

let gateway: GatewayProcess;
let root: Api;

beforeAll(async () => {
  gateway = await GatewayProcess.start();
  root = new Api(gateway.url, gateway.rootToken);
}, 60_000);

afterAll(async () => gateway.dispose());

describe('objects on disk', () => {
  it('are written whole, under opaque names, readable by owner and group only (ST-02, ST-08)', async () => {
    const own = await makeTenant(root);
    await own.editor.put(encodeURIComponent('../../secret name'), 'x');
    const [file = ''] = await untilFiles(gateway.dataDir, own.editor, 1);
    expect(file.slice(join(gateway.dataDir, 'objects').length)).toMatch(
      /^\/[a-z0-9]{12}\/_[0-9a-f]{2}\/[0-9a-f-]{36}$/,
    );
    expect((await lstat(file)).mode & 0o777).toBe(0o640);
    for (const folder of [dirname(file), dirname(dirname(file)), join(gateway.dataDir, 'objects')])
      expect((await lstat(folder)).mode & 0o777).toBe(0o750);
  });

  it.each<[string, (path: string) => Promise<unknown>]>([
    ['a symbolic link to a file', (path) => symlink(join(gateway.dataDir, 'root-token'), path)],
    ['a second name of another file', (path) => hardLink(join(gateway.dataDir, 'root-token'), path)],
    ['a FIFO', async (path) => execFileSync('mkfifo', [path])],
    ['a folder', (path) => mkdir(path)],
  ])('are not read through %s (ST-05)', async (_what, plant) => {
    const own = await makeTenant(root);
    const size = (await readFile(join(gateway.dataDir, 'root-token'))).length;
    await own.editor.put('doc', Buffer.alloc(size, 'x'));
    const [file = ''] = await untilFiles(gateway.dataDir, own.editor, 1);
    await unlink(file);
    await plant(file);
    const read = await own.viewer.get('/v1/sources/doc/content');
    expect([read.status, read.json.code]).toEqual([500, 'content_unavailable']);
    expect(read.text).not.toContain(gateway.rootToken);
  });

  it('are not written through a folder that was replaced by a link (ST-05)', async () => {
    const own = await makeTenant(root);
    await own.editor.put('doc', 'x');
    const [file = ''] = await untilFiles(gateway.dataDir, own.editor, 1);
    const outside = join(gateway.dataDir, freshId('outside'));
    await mkdir(outside);
    await chmod(outside, 0o777);
    execFileSync('rm', ['-rf', dirname(dirname(file))]);
    await symlink(outside, dirname(dirname(file)));
    expect((await own.editor.put('doc2', 'y')).status).toBeGreaterThanOrEqual(500);
    expect(execFileSync('find', [outside, '-type', 'f']).toString()).toBe('');
  });
});
