import { beforeAll, describe, expect, it } from '@jest/globals';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { get, type IncomingMessage } from 'node:http';

import { expectStatus, freshId, makeProxyTenant, type TestTenant } from '../support/api.js';
import { makeLink } from '../support/download-urls.js';
import { pattern } from '../support/gateway-inside.js';
import { sharedGateway } from '../support/shared-gateway.js';

const MIB = 2 ** 20;
/** Whole chunks and parts of one. */
const SIZES = [5 * MIB, 3 * MIB + 17, 2 * MIB - 1, 700_000, MIB, 6 * MIB + 300_000];
const ROUNDS = 4;

interface Stored {
  readonly id: string;
  readonly bytes: Buffer;
  readonly link: string;
}

const digest = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');

describe('large downloads beside each other', () => {
  let tenant: TestTenant;
  let files: Stored[];

  beforeAll(async () => {
    tenant = await makeProxyTenant(sharedGateway().root);
    files = await Promise.all(
      SIZES.map(async (size, index) => {
        const id = freshId('large');
        const bytes = pattern(size, 100 + index);
        expectStatus(await tenant.editor.put(id, bytes), 201);
        return { id, bytes, link: await makeLink(tenant.editor, id) };
      }),
    );
  });

  async function open(url: string, headers: Record<string, string> = {}): Promise<IncomingMessage> {
    const [answer] = (await once(get(url, { headers, agent: false }), 'response')) as [IncomingMessage];
    expect([200, 206]).toContain(answer.statusCode);
    return answer;
  }

  const byBearer = ({ id }: Stored, range?: string): Promise<IncomingMessage> =>
    open(`${tenant.viewer.url}/v1/sources/${id}/content`, {
      authorization: `Bearer ${String(tenant.viewer.token)}`,
      ...(range === undefined ? {} : { range }),
    });

  async function bodyOf(answer: IncomingMessage): Promise<string> {
    const hash = createHash('sha256');
    for await (const chunk of answer as AsyncIterable<Buffer>) hash.update(chunk);
    return hash.digest('hex');
  }

  /** Begins and goes away in the middle. */
  async function leave(answer: IncomingMessage): Promise<void> {
    await once(answer, 'data');
    answer.destroy();
    await once(answer, 'close');
  }

  it('each get their own bytes, beside some that stop, some that are broken off and some that go on later', async () => {
    // Nobody reads these until all others are through.
    const waiting = await Promise.all(files.flatMap((file) => [byBearer(file), open(file.link)]));
    for (let round = 0; round < ROUNDS; round += 1) {
      const gone = files.map(async (file) => leave(await byBearer(file)));
      const whole = files.flatMap((file) => [byBearer(file), open(file.link)]);
      const bodies = await Promise.all(whole.map(async (answer) => bodyOf(await answer)));
      expect(bodies).toEqual(files.flatMap(({ bytes }) => [digest(bytes), digest(bytes)]));
      await Promise.all(gone);
    }
    const late = await Promise.all(waiting.map(bodyOf));
    expect(late).toEqual(files.flatMap(({ bytes }) => [digest(bytes), digest(bytes)]));
  });

  it('each get their own part', async () => {
    const [first, last] = [123_457, 650_000];
    const parts = await Promise.all(
      Array.from({ length: ROUNDS }, () => files)
        .flat()
        .map(async (file) => bodyOf(await byBearer(file, `bytes=${first}-${last}`))),
    );
    const expected = files.map(({ bytes }) => digest(bytes.subarray(first, last + 1)));
    expect(parts).toEqual(Array.from({ length: ROUNDS }, () => expected).flat());
  });
});
