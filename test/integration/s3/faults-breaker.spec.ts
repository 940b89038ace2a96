import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';

import { Api, expectStatus, freshId, makeTenant, type Answer, type TestTenant } from '../../support/api.js';
import { eventually } from '../../support/eventually.js';
import { answer, errorAnswer, type FakeAnswer, FakeS3 } from '../../support/fake-s3.js';
import { keepObjects } from '../../support/fake-s3-objects.js';
import { ACCESS_KEY_ID, BUCKET } from '../../support/fake-s3-storage.js';
import { GatewayProcess } from '../../support/gateway-process.js';

const START_MS = 90_000;
const CONTENT = 'content';
const slowDown = errorAnswer(503, 'SlowDown', { 'retry-after': '1' });

describe('ST-14 a gateway with one tenant whose storage is overloaded', () => {
  let fake: FakeS3;
  let well: FakeS3;
  let gateway: GatewayProcess;
  let unlucky: TestTenant;
  let neighbour: TestTenant;
  let lucky: TestTenant;
  const id = freshId('s');
  const path = `/v1/sources/${id}/content`;

  async function bind(
    { id: tenantId, admin }: TestTenant,
    server: FakeS3,
    place: { prefix?: string } = {},
  ): Promise<void> {
    const json = {
      adapter: 's3',
      profile: 'seaweedfs',
      endpoint: server.endpoint,
      bucket: BUCKET,
      ...place,
      credentials: { access_key_id: ACCESS_KEY_ID, secret_access_key: 'fake-secret-access-key' },
    };
    expectStatus(await admin.request('PUT', `/v1/tenants/${tenantId}/storage-binding`, { json }), 200);
  }

  beforeAll(async () => {
    [fake, well] = [await FakeS3.open(), await FakeS3.open()];
    keepObjects(well);
    gateway = await GatewayProcess.start({ env: { GATEHOLD_ALLOWED_ENDPOINTS: '127.0.0.1' } });
    const root = new Api(gateway.url, gateway.rootToken);
    [unlucky, neighbour, lucky] = [await makeTenant(root), await makeTenant(root), await makeTenant(root)];
    keepObjects(fake);
    await bind(unlucky, fake);
    await bind(neighbour, well);
    for (const { editor } of [unlucky, neighbour, lucky]) expectStatus(await editor.put(id, CONTENT), 201);
  }, START_MS);
  afterAll(async () => {
    await gateway.dispose();
    await fake.close();
    await well.close();
  });
  beforeEach(() => {
    keepObjects(fake);
    fake.requests.length = 0;
  });
  afterEach(async () => {
    fake.script('GetObject', answer(200, CONTENT));
    await untilServed();
  });

  const ask = () => unlucky.viewer.get(path);
  const untilServed = () =>
    eventually('the storage is used again', async () => (await ask()).status === 200, 10_000);

  /** So many calls, a few at once. */
  async function calls(count: number, atOnce: number): Promise<Answer[]> {
    const answers: Answer[] = [];
    let left = count;
    const worker = async (): Promise<void> => {
      while (left > 0) {
        left -= 1;
        answers.push(await ask());
      }
    };
    await Promise.all(Array.from({ length: atOnce }, worker));
    return answers;
  }

  it('repeats what was refused, three attempts at most, and says 503 and when to come back of the rest', async () => {
    // 30 of 100, in no order: what is asked for again need not be refused again.
    let asked = 0;
    fake.script('GetObject', (response, request) => {
      asked += 1;
      const busy = errorAnswer(503, 'SlowDown');
      ((asked * 37) % 100 < 30 ? busy : answer(200, CONTENT))(response, request);
    });
    const answers = await calls(60, 4);
    const served = answers.filter(({ status }) => status === 200);
    for (const { status, headers, json } of answers.filter((one) => !served.includes(one)))
      expect([status, json.code, Number(headers.get('retry-after')) >= 1]).toEqual([
        503,
        'storage_unavailable',
        true,
      ]);
    expect(served.length).toBeGreaterThan(45);
    expect(fake.of('GetObject').length).toBeGreaterThan(60);
    expect(fake.of('GetObject').length).toBeLessThan(60 * 2);
  }, 60_000);

  it('asks no more after five failures, fails at once, and leaves the other tenants as they are', async () => {
    fake.script('GetObject', slowDown);
    fake.script('PutObject', slowDown);
    const answers = await calls(60, 4);
    for (const { status, headers, json } of answers)
      expect([status, json.code, Number(headers.get('retry-after')) >= 1]).toEqual([
        503,
        'storage_unavailable',
        true,
      ]);
    const refused = answers.filter(({ json }) => /left alone/.test(json.detail as string));
    expect(refused.length).toBeGreaterThan(40);
    // Five calls and those that were under way with them, each asked three times; a trial now and then.
    expect(fake.of('GetObject').length).toBeLessThan(45);
    expect((await unlucky.editor.put(freshId('s'), CONTENT)).status).toBe(503);
    for (const { editor, viewer } of [neighbour, lucky]) {
      expect((await viewer.get(path)).text).toBe(CONTENT);
      expect((await editor.put(freshId('s'), CONTENT)).status).toBe(201);
    }
    expect((await unlucky.viewer.get('/v1/sources')).status).toBe(200);
  }, 60_000);

  it('tries with one call at a time', async () => {
    fake.script('GetObject', slowDown);
    await calls(20, 4);
    let [at, most] = [0, 0];
    const held: FakeAnswer = (response, request) => {
      at += 1;
      most = Math.max(most, at);
      // Until the callers below have been answered, or there would be no telling.
      void waiting.then(() => {
        at -= 1;
        answer(200, CONTENT)(response, request);
      });
    };
    let release = (): void => undefined;
    const waiting = new Promise<void>((resolve) => (release = resolve));
    fake.requests.length = 0;
    fake.script('GetObject', held);
    const trial = eventually('a trial', async () => {
      const answered = await ask();
      return answered.status === 200 ? answered : null;
    });
    await fake.seen('GetObject');
    const meanwhile = await calls(10, 10);
    release();
    expect((await trial).text).toBe(CONTENT);
    expect([most, new Set(meanwhile.map(({ status }) => status))]).toEqual([1, new Set([503])]);
  }, 60_000);

  it('serves again within ten seconds of the storage being well', async () => {
    fake.script('GetObject', slowDown);
    await calls(20, 4);
    fake.script('GetObject', answer(200, CONTENT));
    const begun = performance.now();
    await untilServed();
    expect(performance.now() - begun).toBeLessThan(10_000);
    const statuses = (await calls(20, 4)).map(({ status }) => status);
    expect(new Set(statuses)).toEqual(new Set([200]));
  }, 60_000);

  it('does not count what the storage says is not there', async () => {
    fake.script('GetObject', errorAnswer(404, 'NoSuchKey'));
    const answers = await calls(20, 4);
    expect(new Set(answers.map(({ json }) => json.code as string))).toEqual(new Set(['content_unavailable']));
    expect(fake.of('GetObject')).toHaveLength(20);
  });

  it('does not open a storage again and again that cannot be opened', async () => {
    const tenant = await makeTenant(new Api(gateway.url, gateway.rootToken));
    await bind(tenant, fake, { prefix: 'another' });
    fake.requests.length = 0;
    fake.script('HeadBucket', slowDown);
    for (let call = 0; call < 12; call += 1)
      expect((await tenant.editor.put(freshId('s'), CONTENT)).status).toBe(503);
    expect(fake.of('HeadBucket').length).toBeLessThan(25);
    fake.script('HeadBucket', answer(200));
    await eventually(
      'the storage is opened',
      async () => (await tenant.editor.put(freshId('s'), CONTENT)).status === 201,
      10_000,
    );
  }, 60_000);
});
