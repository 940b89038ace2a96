import { describe, expect, it, jest } from '@jest/globals';
import { createHash, randomBytes } from 'node:crypto';
import { readdir } from 'node:fs/promises';

import { makeTenant } from '../support/api.js';
import { eventually } from '../support/eventually.js';
import { GatewayProcess } from '../support/gateway-process.js';
import { Api } from '../support/api.js';

jest.setTimeout(120_000);

const UPLOADS = 1_000;
const CLIENTS = 16;
const SIZE = 16 * 1024;
/** A listening socket, a timer or a log may come and go meanwhile; a leak per request would be hundreds. */
const SLACK = 8;

describe('many small uploads at once', () => {
  it('are all kept: what was acknowledged reads back equal, and every descriptor is given back', async () => {
    const gateway = await GatewayProcess.start();
    try {
      const { editor } = await makeTenant(new Api(gateway.url, gateway.rootToken));
      const baseline = await descriptors(gateway.pid);
      const ledger = new Map<string, string>();
      await inParallel(async (number) => {
        const content = randomBytes(SIZE);
        const answer = await editor.put(`file-${number}`, content);
        expect(answer.status).toBe(201);
        ledger.set(answer.json.source_id as string, digest(content));
      });
      expect(ledger.size).toBe(UPLOADS);
      const ids = [...ledger.keys()];
      await inParallel(async (number) => {
        const id = ids[number] ?? '';
        const answer = await editor.get(`/v1/sources/${id}/content`);
        expect([answer.status, digest(answer.bytes)]).toEqual([200, ledger.get(id)]);
      });
      await eventually(
        'descriptors are back to where they were',
        // The clients keep their connections open.
        async () => (await descriptors(gateway.pid)) <= baseline + CLIENTS + SLACK,
      );
    } finally {
      await gateway.dispose();
    }
  });
});

async function inParallel(work: (number: number) => Promise<void>): Promise<void> {
  let next = 0;
  const client = async (): Promise<void> => {
    for (let number = next++; number < UPLOADS; number = next++) await work(number);
  };
  await Promise.all(Array.from({ length: CLIENTS }, client));
}

async function descriptors(pid: number): Promise<number> {
  return (await readdir(`/proc/${pid}/fd`)).length;
}

function digest(content: Buffer): string {
  return createHash('sha256').update(content).digest('hex');
}
