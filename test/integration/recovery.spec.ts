import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { randomBytes, createHash } from 'node:crypto';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { Api, expectStatus, makeTenant } from '../support/api.js';
import { eventually } from '../support/eventually.js';
import { GatewayProcess, isRunning, serverPid } from '../support/gateway-process.js';
import { beginUpload } from '../support/slow-client.js';

jest.setTimeout(120_000);

const CLIENTS = 6;
const ENOUGH = 60;

let dataDir: string;
let gateway: GatewayProcess;

beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'gatehold-recovery-'));
  gateway = await GatewayProcess.start({ dataDir });
});

afterEach(async () => {
  await gateway.signal('SIGTERM');
  await rm(dataDir, { recursive: true, force: true, maxRetries: 5 });
});

/** What a client knows: digests of acknowledged content by id, and ids whose upload got no answer. */
interface Ledger {
  readonly acknowledged: Map<string, string>;
  readonly unknown: Map<string, string>;
}

/** Uploads without pause until the gateway is gone. */
async function uploadUntilItDies(editor: Api, prefix: string, onEnough: () => void): Promise<Ledger> {
  const ledger: Ledger = { acknowledged: new Map(), unknown: new Map() };
  const client = async (number: number): Promise<void> => {
    for (let turn = 0; ; turn += 1) {
      const content = randomBytes(1 + ((turn * 7_919) % 200_000));
      const id = `${prefix}-${number}-${turn}`;
      const status = await editor.put(id, content).then(
        (answer) => answer.status,
        () => null,
      );
      (status === 201 ? ledger.acknowledged : ledger.unknown).set(id, digest(content));
      if (status === 201 && ledger.acknowledged.size === ENOUGH) onEnough();
      if (status === null) return;
    }
  };
  await Promise.all(Array.from({ length: CLIENTS }, (_, number) => client(number)));
  return ledger;
}

/**
 * Every acknowledged upload reads back equal. One without an answer is there whole (only its answer was lost) or not
 * at all; it never shows as available with other bytes.
 */
async function expectKept(editor: Api, { acknowledged, unknown }: Ledger): Promise<void> {
  for (const [id, checksum] of acknowledged) {
    const answer = await editor.get(`/v1/sources/${id}/content`);
    expect([id, answer.status, digest(answer.bytes)]).toEqual([id, 200, checksum]);
  }
  for (const [id, checksum] of unknown) {
    const answer = await editor.get(`/v1/sources/${id}/content`);
    if (answer.status !== 404) expect([id, answer.status, digest(answer.bytes)]).toEqual([id, 200, checksum]);
  }
}

describe.each([
  ['the gateway', false],
  ['the gateway and its database server together', true],
])('after kill -9 of %s', (_, withServer) => {
  it('keeps what was acknowledged, tokens and links, and shows nothing half-written (F1, ST-02)', async () => {
    const root = new Api(gateway.url, gateway.rootToken);
    const { id: tenantId, editor } = await makeTenant(root);
    expectStatus(await editor.put('kept', 'hello'), 201);
    const link = (await editor.post('/v1/sources/kept/links', { expires_in: 600 })).json.url as string;
    const open = await beginUpload(gateway.url, editor.token ?? '', 'half', { 'content-length': '10' });
    open.request.write('01234');

    for (const round of ['first', 'second']) {
      const server = (await serverPid(dataDir)) ?? -1;
      const api = new Api(gateway.url, editor.token);
      const ended = gateway.ended();
      const ledger = await uploadUntilItDies(api, round, () => {
        if (withServer) process.kill(server, 'SIGKILL');
        gateway.child.kill('SIGKILL');
      });
      await ended;
      expect(ledger.acknowledged.size).toBeGreaterThanOrEqual(ENOUGH);
      gateway = await GatewayProcess.start({ dataDir });
      expect(await isRunning(server)).toBe(false);

      const after = new Api(gateway.url, editor.token);
      await expectKept(after, ledger);
      expectStatus(await after.get('/v1/sources/half'), 404);
      expect((await after.as(null).get(new URL(link).pathname)).text).toBe('hello');
      expectStatus(await new Api(gateway.url, gateway.rootToken).get(`/v1/tenants/${tenantId}`), 200);
      expectStatus(await after.put(`${round}-after`, 'new'), 201);
    }
    expect(await available(new Api(gateway.url, editor.token))).not.toContain('half');
  });
});

describe('when the server alone is killed -9', () => {
  it('ends, and the next start has everything', async () => {
    const { editor } = await makeTenant(new Api(gateway.url, gateway.rootToken));
    const server = (await serverPid(dataDir)) ?? -1;
    const ledger = await uploadUntilItDies(editor, 'file', () => process.kill(server, 'SIGKILL'));
    expect(await gateway.ended()).toBe(1);
    gateway = await GatewayProcess.start({ dataDir });
    await expectKept(new Api(gateway.url, editor.token), ledger);
  });
});

describe('a clean stop', () => {
  it('leaves no temporary file of a finished upload behind', async () => {
    const { editor } = await makeTenant(new Api(gateway.url, gateway.rootToken));
    expectStatus(await editor.put('one', 'content'), 201);
    expectStatus(await editor.put('one', 'other'), 200);
    await eventually('the replaced object is removed', async () => (await objects()).length === 1);
    await gateway.signal('SIGTERM');
    expect(await objects()).toHaveLength(1);
  });
});

async function objects(): Promise<string[]> {
  const found = await readdir(join(dataDir, 'objects'), { recursive: true, withFileTypes: true });
  return found.filter((entry) => entry.isFile()).map((entry) => entry.name);
}

async function available(api: Api): Promise<string[]> {
  const ids: string[] = [];
  for (let cursor: string | null = ''; cursor !== null;) {
    const query: string = cursor === '' ? '' : `&cursor=${encodeURIComponent(cursor)}`;
    const page = await api.get(`/v1/sources?limit=100${query}`);
    expectStatus(page, 200);
    for (const source of page.json.data as { status: string; external_id: string }[]) {
      expect(source.status).toBe('available');
      ids.push(source.external_id);
    }
    cursor = page.json.pagination.next_cursor as string | null;
  }
  return ids;
}

function digest(content: Buffer): string {
  return createHash('sha256').update(content).digest('hex');
}
