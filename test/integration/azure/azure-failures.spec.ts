import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { CodedError, Secret } from '#kernel';
import { EndpointGuard, type ObjectStorage } from '#storage';
import { chunksOf, codeOf, newKey, readStream, sampleBytes } from '#storage/testing';
import { AzureDriver } from '#storage-azure';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

import { azureSettings, containerBeside, openAzure } from '../../support/azure-storage.js';
import { type Azurite, describeWithAzurite, sharedAzurite } from '../../support/azurite.js';

const OPENING_MS = 90_000;
const LIMITS = { connectMs: 3_000, maxConnections: 4 };

/** A server that answers everything in one way, and counts. */
async function answering(
  status: number,
  headers: Readonly<Record<string, string>>,
): Promise<[Server, string[]]> {
  const calls: string[] = [];
  const server = createServer((call, answer) => {
    calls.push(`${call.method} ${call.url}`);
    answer.writeHead(status, headers).end();
  }).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  return [server, calls];
}

function urlOf(server: Server): string {
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

async function closed(server: Server): Promise<void> {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
}

async function failureOf(work: Promise<unknown>): Promise<CodedError> {
  const error: unknown = await work.then(
    () => null,
    (failure: unknown) => failure,
  );
  if (error instanceof CodedError) return error;
  throw new Error(`Not a coded error: ${String(error)}`);
}

describeWithAzurite('a container that cannot be used', () => {
  let azurite: Azurite;
  let settings: Record<string, unknown>;
  let storage: ObjectStorage;
  beforeAll(async () => {
    azurite = await sharedAzurite();
    settings = azureSettings(azurite.account);
    storage = await openAzure(settings);
  }, OPENING_MS);
  afterAll(async () => {
    await storage.release();
    await containerBeside(azurite.account, settings['bucket']).delete();
  });

  it('ST-17 DL-13 is unavailable with a wrong key or account, in words that name neither', async () => {
    const { otherAccount, account } = azurite;
    for (const changes of [
      { account_key: new Secret(otherAccount.accountKey) },
      { account_name: new Secret(otherAccount.accountName) },
      { endpoint: otherAccount.endpoint },
      { account_name: new Secret('nobody') },
    ]) {
      const failure = await failureOf(openAzure({ ...settings, ...changes }));
      expect([failure.kind.code, failure.message]).toEqual([
        'storage_unavailable',
        'The storage does not answer as it should.',
      ]);
    }
    for (const said of [account.accountName, account.accountKey, String(settings['bucket'])])
      expect(
        JSON.stringify(
          await failureOf(openAzure({ ...settings, account_key: new Secret(otherAccount.accountKey) })),
        ),
      ).not.toContain(said);
  });

  it('ST-20 keeps accounts apart: the same container name elsewhere is another container', async () => {
    const [key, bytes] = [newKey(), sampleBytes(100)];
    await storage.put(key, chunksOf(bytes));
    const elsewhere = azureSettings(azurite.otherAccount, { bucket: settings['bucket'] });
    const other = await openAzure(elsewhere);
    expect(await other.get(key)).toBeNull();
    await other.put(key, chunksOf(sampleBytes(50, 2)));
    expect((await readStream(await storage.get(key))).equals(bytes)).toBe(true);
    await containerBeside(azurite.otherAccount, settings['bucket']).delete();
    await other.release();
  });

  it('is unavailable when it is absent, from the start and later, and never mistaken for an absent object', async () => {
    expect(await codeOf(openAzure(azureSettings(azurite.account, { create: false })))).toBe(
      'storage_unavailable',
    );
    const gone = azureSettings(azurite.account);
    const opened = await openAzure(gone);
    await containerBeside(azurite.account, gone['bucket']).delete();
    const key = newKey();
    for (const call of [
      () => opened.head(key),
      () => opened.get(key),
      () => opened.remove(key),
      () => opened.put(key, chunksOf(sampleBytes(10))),
      () => opened.copy(key, newKey()),
      () => opened.removeUnfinished(0),
    ])
      expect(await codeOf(call())).toBe('storage_unavailable');
    await opened.release();
  });

  it('is unavailable when nobody answers at its endpoint', async () => {
    const [server] = await answering(200, {});
    const endpoint = `${urlOf(server)}/gatehold`;
    await closed(server);
    expect(await codeOf(openAzure({ ...settings, endpoint }))).toBe('storage_unavailable');
  });

  it('ST-14 is asked three times and no more when it is overloaded', async () => {
    const [server, calls] = await answering(503, { 'x-ms-error-code': 'ServerBusy' });
    expect(
      await codeOf(openAzure({ ...settings, create: false, endpoint: `${urlOf(server)}/gatehold` })),
    ).toBe('storage_unavailable');
    expect(calls).toHaveLength(3);
    await closed(server);
  });

  it('IV-16 is refused on an address that is not allowed, and leads nowhere by a redirect', async () => {
    const strict = new AzureDriver({ limits: LIMITS, extraPartBuffers: 1 });
    for (const endpoint of [
      azurite.account.endpoint,
      'http://localhost:1/x',
      'http://[::ffff:127.0.0.1]:1/x',
    ])
      expect(
        await codeOf(strict.open({ id: 'a', driver: 'azure', settings: { ...settings, endpoint } })),
      ).toBe('storage_endpoint_refused');
    const [inside, reached] = await answering(200, {});
    const [outside, calls] = await answering(307, { location: `${urlOf(inside)}/secret` });
    const [same, again] = await answering(302, { location: '/elsewhere' });
    for (const server of [outside, same])
      expect(
        await codeOf(openAzure({ ...settings, create: false, endpoint: `${urlOf(server)}/gatehold` })),
      ).toBe('storage_unavailable');
    expect([calls.length, again.length, reached]).toEqual([1, 1, []]);
    for (const server of [inside, outside, same]) await closed(server);
  });

  it('meets no proxy of the environment', async () => {
    const [proxy, calls] = await answering(502, {});
    const before = process.env['HTTP_PROXY'];
    process.env['HTTP_PROXY'] = urlOf(proxy);
    try {
      const driver = new AzureDriver({
        limits: LIMITS,
        extraPartBuffers: 1,
        endpointGuard: new EndpointGuard(['127.0.0.1']),
      });
      await (await driver.open({ id: 'a', driver: 'azure', settings })).release();
    } finally {
      if (before === undefined) delete process.env['HTTP_PROXY'];
      else process.env['HTTP_PROXY'] = before;
    }
    expect(calls).toEqual([]);
    await closed(proxy);
  });
});
