import { Database, SharedTransaction, TenantDatabase, type Statement } from '#database';
import { Sealer, Secret } from '#kernel';
import { SigningKeyService, SigningKeyStore } from '#presign';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import { tmpdir } from 'node:os';

import { ThrowawayDatabase } from '../support/test-database.js';

let throwaway: ThrowawayDatabase;
let database: Database;

beforeAll(async () => {
  throwaway = await ThrowawayDatabase.create();
  database = await Database.open({
    url: throwaway.runtimeUrl,
    migrationUrl: throwaway.ownerUrl,
    dataDir: tmpdir(),
    poolSize: 2,
    entities: [],
    log: { info: () => undefined, warn: () => undefined },
  });
}, 60_000);

afterAll(async () => {
  await database.close();
  await throwaway.drop();
});

it('CF-04: a signing key that was made in a transaction which came to nothing signs nothing', async () => {
  const tenants = new TenantDatabase(database.dataSource);
  const statement = (text: string): Statement => ({ name: text, text, values: [] });
  await tenants.queryAfter(
    'acme',
    [statement("SELECT register_tenant('acme', 'abcdefabcdef')")],
    statement("INSERT INTO tenants VALUES ('acme', 'abcdefabcdef', 'Acme', 'default')"),
  );
  const sealer = new Sealer(new Secret(randomBytes(32)));
  const [here, elsewhere] = [1, 2].map(() => new SigningKeyService(new SigningKeyStore(tenants), sealer));
  if (here === undefined || elsewhere === undefined) throw new Error('There are two.');
  const undone = new SharedTransaction(database.dataSource).run(async () => {
    await here.getCurrent('acme');
    throw new Error('gone');
  });
  await expect(undone).rejects.toThrow('gone');
  const signing = await here.getCurrent('acme');
  expect(await elsewhere.find(signing.tenantKey, signing.keyId)).not.toBeNull();
  expect((await elsewhere.getCurrent('acme')).key.equals(signing.key)).toBe(true);
});
