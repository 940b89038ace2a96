import { Secret } from '#kernel';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { createHmac, randomBytes } from 'node:crypto';
import { appendFile, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';

import { assertNoSecrets } from '../support/global-teardown.mjs';
import { PLANTED, wordOf } from '../support/log-secrets.mjs';

const base64url = (bytes: number): string => randomBytes(bytes).toString('base64url');
const PASSWORD = base64url(24);
const TOKEN = `gth_k9x2q4r7m1ab_${'0'.repeat(22)}_${'a'.repeat(38)}`;

/** By what it is, something that a log could have in it and must not. */
const SECRETS: Readonly<Record<string, string>> = {
  'a token': TOKEN,
  'a token in a sentence': `refused ${TOKEN}, which is unknown`,
  'a link': `http://127.0.0.1:8080/l/${base64url(96)}`,
  'the URL of an upload': `/u/${base64url(102)}`,
  'a JWT': `eyJhbGciOiJFUzI1NiJ9.${base64url(30)}.${base64url(64)}`,
  'a bearer': `Bearer ${base64url(20)}`,
  'basic credentials': `Basic ${randomBytes(20).toString('base64')}`,
  'a URL of S3': `http://s3/bucket/key?X-Amz-Expires=60&X-Amz-Signature=${'ab'.repeat(32)}`,
  'a URL of Azure': `http://azure/c/key?se=2030&sig=${encodeURIComponent(createHmac('sha256', 'k').digest('base64'))}`,
  'the URL of a database': `postgres://gatehold:${PASSWORD}@127.0.0.1:5432/gatehold`,
  'a private key': '-----BEGIN PRIVATE KEY-----\nMIG',
  'a canary': `canary${randomBytes(12).toString('hex')}`,
  'a planted secret': PASSWORD,
  'a planted secret among others': `password=${PASSWORD};user=x`,
};

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'gatehold-log-secrets-'));
  await writeFile(join(folder, PLANTED), `${PASSWORD}\n`);
});
afterEach(() => rm(folder, { recursive: true, force: true }));

/** What the end of a run says to a log of these lines. */
async function verdict(...lines: string[]): Promise<string> {
  await appendFile(join(folder, '1.log'), lines.map((line) => `${line}\n`).join(''));
  return await assertNoSecrets(folder).then(
    () => 'passed',
    (error: unknown) => String(error),
  );
}

const logged = (fields: object): string => JSON.stringify({ level: 'debug', ...fields, msg: 'request' });

describe('the end of a run', () => {
  it.each(Object.entries(SECRETS))('fails when %s stands in the log of a gateway', async (_what, text) => {
    const said = await verdict(logged({ path: '/v1/me' }), logged({ route: '/v1/me', note: text }));
    expect(said).toContain('Secrets in the logs of gateways');
    expect(said).toContain('/v1/me: request');
    expect(said).not.toContain(text);
  });

  it.each(Object.entries(SECRETS))('passes when %s was taken out of it', async (_what, text) => {
    const lines: string[] = [];
    const stream = { write: (line: string) => void lines.push(line.trimEnd()) };
    const redact = { paths: ['secret'], censor: '[redacted]' };
    pino({ level: 'debug', base: null, redact }, stream).debug(
      { secret: text, wrapped: new Secret(text) },
      'x',
    );
    expect(lines).toHaveLength(1);
    expect(await verdict(...lines)).toBe('passed');
  });

  it('passes with what a gateway writes of ids, times, paths and failures', async () => {
    expect(
      await verdict(
        logged({
          path: '/l/[link]',
          token_id: '0197c9a2-5b1e-7c3d-8f4a-2b6d9e0c1a58',
          prefix: TOKEN.slice(0, 25),
        }),
        logged({ message: 'Send a token: Authorization: Bearer <token>.', url: 'postgres://gatehold@db/x' }),
        logged({ stack: 'Error: no\n    at file:///srv/libs/presign/link.service.ts:10:4' }),
      ),
    ).toBe('passed');
  });

  it('fails when no gateway has written anything, since then nothing was looked at', async () => {
    expect(await verdict()).toContain('not kept');
  });

  it('leaves no log behind', async () => {
    await verdict(logged({ note: TOKEN }));
    await expect(readdir(folder)).rejects.toThrow('ENOENT');
  });

  it('looks for no word that stands in a log by chance', () => {
    expect([wordOf('secret'), wordOf('a b c'), wordOf(PASSWORD)?.length !== undefined]).toEqual([
      null,
      null,
      true,
    ]);
  });
});

describe('the logs of this run', () => {
  it('are kept, as the gateways write them', async () => {
    const run = process.env['GATEHOLD_TEST_LOGS'] ?? '';
    expect(await readdir(run)).toEqual(expect.arrayContaining(['shared.log', PLANTED]));
  });
});
