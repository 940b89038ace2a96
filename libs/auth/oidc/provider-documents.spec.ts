import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';

import { fetchKeySet } from './provider-documents.js';

const KEY = { kty: 'OKP', crv: 'Ed25519', x: '11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo' };
let serve: Record<string, unknown>;
let hits: string[];
const answer: RequestListener = ({ url = '' }, response) => {
  hits.push(url);
  const body = serve[url];
  if (typeof body === 'string' && body.startsWith('/')) response.writeHead(302, { location: body }).end();
  else if (body === undefined) response.writeHead(404).end();
  else response.end(typeof body === 'string' ? body : JSON.stringify(body));
};
const server = createServer(answer);
let issuer: string;
const DISCOVERY = '/.well-known/openid-configuration';

beforeAll(async () => {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(async () => {
  server.closeAllConnections();
  server.close();
  await once(server, 'close');
});
beforeEach(() => {
  hits = [];
  serve = { [DISCOVERY]: { issuer, jwks_uri: `${issuer}/jwks` }, '/jwks': { keys: [KEY] } };
});

describe('fetchKeySet', () => {
  it('finds the keys by the discovery document, and leaves out what is no public key', async () => {
    serve['/jwks'] = { keys: [{ kty: 'oct', k: 'c2VjcmV0' }, KEY, null] };
    expect(await fetchKeySet(issuer)).toEqual({ keys: [KEY] });
    expect(hits).toEqual([DISCOVERY, '/jwks']);
  });

  it('asks below the path of an issuer that has one', async () => {
    const realm = `${issuer}/realms/one/`;
    serve[`/realms/one${DISCOVERY}`] = { issuer: realm, jwks_uri: `${issuer}/jwks` };
    expect((await fetchKeySet(realm)).keys).toHaveLength(1);
  });

  it('refuses a document of another issuer, and keys where anybody could change them on their way', async () => {
    for (const document of [
      { issuer: `${issuer}/`, jwks_uri: `${issuer}/jwks` },
      { issuer, jwks_uri: 'http://keys.example.com/jwks' },
      { issuer, jwks_uri: 'file:///etc/passwd' },
      { issuer },
      [],
      'no JSON',
    ]) {
      serve[DISCOVERY] = document;
      await expect(fetchKeySet(issuer)).rejects.toThrow();
    }
    expect(hits).not.toContain('/jwks');
  });

  it('follows no redirect, and reads no more than a document has', async () => {
    serve['/jwks'] = '/elsewhere';
    serve['/elsewhere'] = { keys: [KEY] };
    await expect(fetchKeySet(issuer)).rejects.toThrow();
    expect(hits).not.toContain('/elsewhere');
    serve['/jwks'] = { keys: [KEY], padding: 'x'.repeat(300_000) };
    await expect(fetchKeySet(issuer)).rejects.toThrow('too large');
    serve['/jwks'] = { keys: [] };
    await expect(fetchKeySet(issuer)).rejects.toThrow('holds none');
  });
});
