import { beforeAll, describe, expect, it, jest } from '@jest/globals';

import { makeToken, makeUnboundTenant, type Api, type Json, type TestTenant } from '../support/api.js';
import { pattern } from '../support/gateway-inside.js';
import {
  begin,
  complete,
  contentOf,
  declared,
  onAzurite,
  onFilesystem,
  PART_BYTES,
  send,
  sendAll,
  type Target,
} from '../support/presigned.js';
import { sharedGateway } from '../support/shared-gateway.js';
import { asOwner } from '../support/test-database.js';

jest.setTimeout(60_000);

const { root, url: gateway } = sharedGateway();
const BYTES = pattern(1_000);
const LARGE = pattern(PART_BYTES + 1);
const ELSEWHERE = ['10.0.0.0/8', '2001:db8::/32'];

let tenant: TestTenant;

beforeAll(async () => {
  tenant = await makeUnboundTenant(root);
});

/** The URLs of an upload: one, or one for each part. */
const targetsOf = (upload: Json): Target[] => (upload.parts ?? [upload]) as Target[];

const soon = (): string => new Date(Date.now() + 30_000).toISOString();
const outcome = ({ status, text }: { status: number; text: string }): unknown[] => [
  status,
  text === '' ? undefined : (JSON.parse(text) as { code: string }).code,
];

/** What the first URL of an upload answers to bytes that it would take. */
async function tried(upload: Json, bytes: Buffer, headers: Record<string, string> = {}): Promise<unknown[]> {
  const [target] = targetsOf(upload);
  if (target === undefined) throw new Error('The upload has no URL.');
  const size = (target as Target & { size_bytes?: number }).size_bytes ?? bytes.length;
  return outcome(await send(target, bytes.subarray(0, size), headers));
}

const shown = async ({ upload_id: id }: Json): Promise<Json> =>
  (await tenant.editor.get(`/v1/uploads/${id as string}`)).json;

describe.each([
  ['whole', BYTES],
  ['in parts', LARGE],
])('of an upload %s', (_how, bytes) => {
  it('not_before is when its URLs begin to take bytes: until then they answer 403 and say when', async () => {
    const begins = soon();
    const upload = await begin(tenant.editor, { ...declared(bytes), not_before: begins });
    expect([upload.not_before, (await shown(upload)).not_before]).toEqual([begins, begins]);
    for (const target of targetsOf(upload)) {
      const early = await send(target, bytes);
      expect([...outcome(early), JSON.parse(early.text).not_before]).toEqual([
        403,
        'link_not_yet_valid',
        begins,
      ]);
    }
    expect((await complete(tenant.editor, upload)).json.code).toBe('upload_not_received');
    await asOwner('UPDATE uploads SET not_before = now() WHERE upload_id = $1', [upload.upload_id]);
    await sendAll(upload, bytes);
    expect((await complete(tenant.editor, upload)).status).toBe(200);
    expect((await contentOf(tenant.editor, upload.source_id as string)).equals(bytes)).toBe(true);
  });

  it('ip_ranges are where its bytes may come from, by the address of the connection alone', async () => {
    const upload = await begin(tenant.editor, { ...declared(bytes), ip_ranges: ELSEWHERE });
    expect([upload.ip_ranges, (await shown(upload)).ip_ranges]).toEqual([ELSEWHERE, ELSEWHERE]);
    const claims = { 'x-forwarded-for': '10.0.0.1', forwarded: 'for=10.0.0.1', 'x-real-ip': '10.0.0.1' };
    for (const headers of [{}, claims])
      expect(await tried(upload, bytes, headers)).toEqual([403, 'link_address_not_allowed']);
    await asOwner("UPDATE uploads SET ip_ranges = '{127.0.0.0/8,::1}' WHERE upload_id = $1", [
      upload.upload_id,
    ]);
    await sendAll(upload, bytes);
    expect((await complete(tenant.editor, upload)).status).toBe(200);
  });
});

describe('the limits of an upload', () => {
  it('are none when they are absent or null', async () => {
    for (const wish of [{}, { not_before: null, ip_ranges: null }]) {
      const upload = await begin(tenant.editor, wish);
      expect(upload).toMatchObject({ not_before: null, ip_ranges: null });
      await sendAll(upload, BYTES);
    }
  });

  it('hide what is wrong with bytes from whoever comes from elsewhere', async () => {
    const upload = await begin(tenant.editor, {
      ...declared(BYTES),
      ip_ranges: ELSEWHERE,
      not_before: soon(),
    });
    expect(await tried(upload, pattern(3))).toEqual([403, 'link_address_not_allowed']);
    expect(await tried(upload, BYTES, { 'content-type': 'text/html' })).toEqual([
      403,
      'link_address_not_allowed',
    ]);
  });

  it('an upload that was given up has ended, whatever its limits would say', async () => {
    const upload = await begin(tenant.editor, { ip_ranges: ELSEWHERE, not_before: soon() });
    expect((await tenant.editor.delete(`/v1/uploads/${upload.upload_id as string}`)).status).toBe(204);
    expect(await tried(upload, BYTES)).toEqual([410, 'upload_gone']);
  });

  it('may begin in the past', async () => {
    const upload = await begin(tenant.editor, { not_before: '2020-01-01T00:00:00+02:00' });
    expect(await sendAll(upload, BYTES)).toEqual([]);
  });

  it('have to open it before its end, which may be that of the token, and leave nothing where they do not', async () => {
    const end = new Date(Date.now() + 300_000).toISOString();
    const brief = await makeToken(tenant.admin, tenant.id, { role: 'editor', expires_at: end });
    const late = new Date(Date.now() + 400_000).toISOString();
    const cases: [Api, object][] = [
      [tenant.editor, { not_before: '2100-01-01T00:00:00Z' }],
      [tenant.editor, { not_before: '2100-01-01T00:00:00Z', size_bytes: LARGE.length }],
      [brief, { not_before: late, expires_in: 600 }],
    ];
    for (const [caller, wish] of cases) {
      const answer = await caller.post('/v1/uploads', { name: 'late', source_id: 'late', ...wish });
      expect([answer.status, answer.json.errors?.[0]?.field]).toEqual([422, 'not_before']);
    }
    expect((await tenant.editor.get('/v1/sources/late')).status).toBe(404);
  });

  it.each([
    ['not_before', 'tomorrow'],
    ['not_before', '2030-01-31'],
    ['not_before', 0],
    ['ip_ranges', []],
    ['ip_ranges', ['10.0.0.0/33']],
    ['ip_ranges', ['localhost']],
    ['ip_ranges', '10.0.0.0/8'],
    ['ip_ranges', ['10.0.0.1', '10.0.0.1']],
  ])('PS-06: %s: %j is refused', async (field, value) => {
    const answer = await tenant.editor.post('/v1/uploads', { name: 'x', [field]: value });
    expect([answer.status, answer.json.errors?.[0]?.field]).toEqual([422, field]);
  });
});

describe('a storage that signs URLs', () => {
  it.each([
    ['not_before', () => soon()],
    ['ip_ranges', () => ['127.0.0.0/8', '::1']],
  ])('hands none out where there are limits (%s), which it cannot hold anybody to', async (field, value) => {
    const remote = await onAzurite(root);
    const plain = await begin(remote.editor, declared(LARGE));
    for (const { url } of targetsOf(plain)) expect(url.startsWith(gateway)).toBe(false);
    const upload = await begin(remote.editor, { ...declared(LARGE), [field]: value() });
    for (const { url } of targetsOf(upload)) expect(url.startsWith(`${gateway}/u/`)).toBe(true);
    if (field === 'not_before') {
      expect(await tried(upload, LARGE)).toEqual([403, 'link_not_yet_valid']);
      return;
    }
    await sendAll(upload, LARGE);
    expect((await contentOf(remote.editor, upload.source_id as string)).equals(LARGE)).toBe(true);
  });

  it('is not what keeps a repeated request from its answer', async () => {
    const remote = await onFilesystem(root);
    const headers = { 'idempotency-key': 'limited-1' };
    const wish = { name: 'once', ip_ranges: ['127.0.0.1'], not_before: soon() };
    const [first, again] = [
      await remote.editor.post('/v1/uploads', wish, { headers }),
      await remote.editor.post('/v1/uploads', wish, { headers }),
    ];
    expect([again.status, again.json]).toEqual([first.status, first.json]);
    const other = await remote.editor.post('/v1/uploads', { ...wish, ip_ranges: null }, { headers });
    expect(other.status).toBe(422);
  });
});
