import { beforeAll, expect, it, jest } from '@jest/globals';
import { Secret } from '#kernel';
import { SigV4Presigner } from '#presign';
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

import { expectStatus, makeTenant, type TestTenant } from '../support/api.js';
import { botocorePresign, CLI_PROGRAMS, cliPresign, type SigningPlace } from '../support/aws-cli.js';
import { CEPH_PROGRAMS, CEPH_START_MS, sharedCeph } from '../support/ceph.js';
import { CephBucket } from '../support/ceph-buckets.js';
import { parseDisposition } from '../support/disposition.js';
import { storeFile } from '../support/download-urls.js';
import { describeWith, programPath } from '../support/programs.js';
import { sharedGateway } from '../support/shared-gateway.js';

// A bound on hanging, not on speed: the machine may be busy with other suites.
jest.setTimeout(CEPH_START_MS);

const { root } = sharedGateway();
const NAME = 'résumé – 日本 "x".pdf';
const LIFE = 900;

describeWith([...CLI_PROGRAMS, ...CEPH_PROGRAMS], 'a URL from the fetch call for a file on Ceph', () => {
  let tenant: TestTenant;
  let url: URL;
  /** Where and when the URL was signed, and by whom. */
  let place: SigningPlace;
  let key: string;

  beforeAll(async () => {
    const bucket = await CephBucket.make(await sharedCeph());
    tenant = await makeTenant(root);
    const path = `/v1/tenants/${tenant.id}/storage-binding`;
    expectStatus(await tenant.admin.request('PUT', path, { json: bucket.binding() }), 200);
    const id = await storeFile(tenant.editor, NAME, 'application/pdf', '%PDF-1.7 not much');
    const wish = { tenant_id: tenant.id, source_id: id, mode: 'url', expiry_seconds: LIFE };
    const answer = await tenant.viewer.post('/fetch/fetch-source-content', wish);
    expectStatus(answer, 200);
    url = new URL(answer.json.presigned_url as string);
    [key = ''] = await bucket.keys();
    const { endpoint, region } = bucket.ceph;
    const nowMs = Date.parse(answer.json.expires_at as string) - LIFE * 1000;
    place = { endpoint, region, bucket: bucket.name, pathStyle: true, ...bucket.user, nowMs };
  }, CEPH_START_MS);

  it('gives curl the bytes, under exactly the name and of the type that the file has', async () => {
    const args = ['--disable', '--silent', '--show-error', '--fail', '--include', url.href];
    const { stdout } = await promisify(execFile)(programPath('curl'), args);
    const [head = '', body] = stdout.split('\r\n\r\n');
    expect(body).toBe('%PDF-1.7 not much');
    const field = (name: string) => new RegExp(`^${name}: *(.*?)\\s*$`, 'im').exec(head)?.[1] ?? '';
    expect(field('content-type')).toBe('application/pdf');
    const { type, best } = parseDisposition(field('content-disposition'));
    expect([type, best]).toEqual(['attachment', NAME]);
  });

  it('is, byte for byte, what botocore signs for the same file, name and type at that time', async () => {
    const params = {
      Key: key,
      ResponseContentDisposition: url.searchParams.get('response-content-disposition') ?? '',
      ResponseContentType: 'application/pdf',
    };
    const [theirs] = await botocorePresign(place, [{ operation: 'get_object', params, expiresIn: LIFE }]);
    expect(url.href).toBe(theirs);
  });

  it('has what `aws s3 presign` writes at that time, which knows no name and no type, and signs the like', async () => {
    const theirs = await cliPresign(place, key, LIFE);
    const bare = new URL(url);
    bare.searchParams.delete('response-content-disposition');
    bare.searchParams.delete('response-content-type');
    const unsigned = (text: string) => text.replace(/[0-9a-f]{64}$/, '');
    expect(unsigned(bare.href)).toBe(unsigned(theirs));
    const { accessKeyId, secretAccessKey } = place;
    const signer = new SigV4Presigner(
      { accessKeyId, secretAccessKey: new Secret(secretAccessKey) },
      place,
      'cli',
    );
    const { nowMs } = place;
    expect(signer.presign({ method: 'GET', key, expiresInSeconds: LIFE, nowMs }).url).toBe(theirs);
    expect((await fetch(theirs)).status).toBe(200);
  });
});
