import { beforeAll, describe, expect, it, jest } from '@jest/globals';
import { createHash, randomBytes } from 'node:crypto';
import { crc32 } from 'node:zlib';

import { makeProxyTenant, type Api, type TestTenant } from '../support/api.js';
import { fingerprint } from '../support/isolation.js';
import { timePairs, type TimedRequest } from '../support/paired-times.js';
import { sharedGateway } from '../support/shared-gateway.js';
import { asOwner } from '../support/test-database.js';
import { lookAgain } from '../support/look-again.js';

jest.setTimeout(60_000);

const { root, anonymous, url } = sharedGateway();
const PAIRS = 500;
const LIMIT_MS = 5;
const DIGITS = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const CHECKSUM = 6;
/** Bytes of a link that are claims; its signature follows. */
const CLAIMS = 64;
const TENANT_KEY_AT = 4;

let tenant: TestTenant;
let link: Buffer;

beforeAll(async () => {
  tenant = await makeProxyTenant(root);
  await tenant.editor.put('x', 'kept');
  const made = (await tenant.editor.post('/v1/sources/x/links', {})).json.url as string;
  link = Buffer.from(made.split('/l/')[1] ?? '', 'base64url');
});

/** The same token with a character changed and a checksum that agrees, so that it is looked up. */
function forged(token: string, at: number): string {
  const body = token.slice(0, -CHECKSUM);
  const index = at < 0 ? body.length + at : at;
  const other = body[index] === '7' ? '8' : '7';
  return withChecksum(body.slice(0, index) + other + body.slice(index + 1));
}

function withChecksum(body: string): string {
  let left = crc32(body);
  let text = '';
  for (let place = 0; place < CHECKSUM; place += 1) {
    text = (DIGITS[left % DIGITS.length] ?? '') + text;
    left = Math.floor(left / DIGITS.length);
  }
  return body + text;
}

function damagedLink(byte: number): string {
  const copy = Buffer.from(link);
  copy[byte] = (copy[byte] ?? 0) ^ 1;
  return copy.toString('base64url');
}

async function expectAlike(one: TimedRequest, other: TimedRequest, status: number): Promise<void> {
  const times = await timePairs(
    url,
    PAIRS,
    () => one,
    () => other,
  );
  expect(times).toMatchObject({ statuses: [status], connections: 1 });
  expect(Math.abs(times.difference)).toBeLessThan(LIMIT_MS);
}

describe('AN-10: a token', () => {
  const secret = (caller: Api): string => caller.token ?? '';

  it('is looked up by its hash and stored nowhere', async () => {
    const { viewer } = await makeProxyTenant(root);
    const tokenId = (await viewer.get('/v1/me')).json.token_id as string;
    const [row] = await asOwner<{ text: string; hash: Buffer }>(
      'SELECT t::text AS text, token_hash AS hash FROM tokens t WHERE token_id = $1',
      [tokenId],
    );
    expect(row?.hash).toEqual(createHash('sha256').update(secret(viewer)).digest());
    expect(row?.text).not.toContain(secret(viewer).slice(-38));
    const another = forged(secret(viewer), -1);
    expect((await viewer.as(another).get('/v1/me')).status).toBe(401);
    await asOwner('UPDATE tokens SET token_hash = $2 WHERE token_id = $1', [
      tokenId,
      createHash('sha256').update(another).digest(),
    ]);
    await lookAgain(root);
    expect((await viewer.as(another).get('/v1/me')).json.token_id).toBe(tokenId);
    expect((await viewer.get('/v1/me')).status).toBe(401);
  });

  it('of any other length is 401, and so is the root token cut or continued', async () => {
    const tokens = [secret(tenant.viewer), secret(root)].flatMap((token) => [
      ...Array.from({ length: token.length - 1 }, (_, index) => token.slice(0, index + 1)),
      ...[1, 2, 64, 1000].map((more) => token + 'a'.repeat(more)),
    ]);
    for (const token of tokens)
      expect([token.length, (await anonymous.as(token).get('/v1/me')).status]).toEqual([token.length, 401]);
  });

  it('wrong in the last character costs what one wrong in the first of its secret does', async () => {
    const [first, last] = [-32, -1].map((at) => forged(secret(tenant.viewer), at));
    await expectAlike({ path: '/v1/me', token: last ?? '' }, { path: '/v1/me', token: first ?? '' }, 401);
  });

  it('that begins with a known tenant’s key costs what one that begins with nobody’s does', async () => {
    const token = secret(tenant.viewer);
    const nobody = withChecksum(`gth_${randomBytes(6).toString('hex')}${token.slice(16, -CHECKSUM)}`);
    await expectAlike({ path: '/v1/me', token: forged(token, -1) }, { path: '/v1/me', token: nobody }, 401);
  });

  it('that is nearly the root token costs what one that is nothing like it does', async () => {
    const near = secret(root).slice(0, -1) + (secret(root).endsWith('a') ? 'b' : 'a');
    const far = 'z'.repeat(near.length);
    await expectAlike({ path: '/v1/me', token: near }, { path: '/v1/me', token: far }, 401);
  });
});

describe('AN-10: the signature of a link', () => {
  const path = (text: string): TimedRequest => ({ path: `/l/${text}`, token: null });

  it('wrong in the last byte costs what one wrong in the first does', async () => {
    await expectAlike(path(damagedLink(link.length - 1)), path(damagedLink(CLAIMS)), 403);
  });

  it('answers and costs the same under a known tenant’s key as under nobody’s', async () => {
    const nobodys = Buffer.from(damagedLink(CLAIMS), 'base64url');
    nobodys.write(randomBytes(6).toString('hex'), TENANT_KEY_AT, 'latin1');
    const [known, nobody] = [damagedLink(CLAIMS), nobodys.toString('base64url')];
    for (const method of ['GET', 'HEAD'])
      for (const headers of [{}, { 'if-none-match': '*' }, { range: 'bytes=0-0' }]) {
        const answers = [known, nobody].map((text) => anonymous.request(method, `/l/${text}`, { headers }));
        const [one, two] = (await Promise.all(answers)).map((answer) => fingerprint(answer));
        expect(one).toEqual(two);
        expect(one).toMatchObject({ status: 403 });
      }
    await expectAlike(path(known), path(nobody), 403);
  });

  it('of any other length is 403', async () => {
    const text = link.toString('base64url');
    const cut = Array.from({ length: text.length - 1 }, (_, index) => text.slice(0, index + 1));
    for (const other of [...cut, `${text}A`, `${text}AAAA`, text + text])
      expect([other.length, (await anonymous.get(`/l/${other}`)).status]).toEqual([other.length, 403]);
    expect((await anonymous.get(`/l/${text}`)).text).toBe('kept');
  });
});
