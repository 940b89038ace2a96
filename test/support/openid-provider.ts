import { exportJWK, generateKeyPair, SignJWT, type JWK, type JWTPayload } from 'jose';
import { Provider } from 'oidc-provider';
import type { webcrypto } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

const SECRET = 'a secret of the tests, which opens nothing';
/** What the provider is asked for tokens for, and what gateways are told to be. */
export const AUDIENCE = 'https://files.example.com';

/** Claims of a client, by its name. */
export type Clients = Readonly<Record<string, Readonly<Record<string, unknown>>>>;

/** A key of the provider's. */
export interface SigningKey {
  readonly alg: string;
  readonly kid: string;
  readonly privateKey: webcrypto.CryptoKey;
  readonly jwk: JWK;
}

/** A key as a provider would make one. */
export async function makeKey(kid: string, alg = 'ES256'): Promise<SigningKey> {
  const { privateKey } = await generateKeyPair(alg, { extractable: true });
  return { alg, kid, privateKey, jwk: { ...(await exportJWK(privateKey)), alg, kid, use: 'sig' } };
}

/** The public half, as it is published. */
export function publicJwk({ jwk }: SigningKey): JWK {
  const { kty, n, e, crv, x, y, alg, kid, use } = jwk;
  return JSON.parse(JSON.stringify({ kty, n, e, crv, x, y, alg, kid, use })) as JWK;
}

/** A real OpenID provider (`oidc-provider`) on loopback: clients get JWTs for {@link AUDIENCE} with claims of their own. */
export class OpenIdProvider {
  /** How often the keys were asked for. */
  keyFetches = 0;
  #serve: RequestListener | undefined;
  #keys: readonly SigningKey[] = [];

  private constructor(
    private readonly server: Server,
    readonly issuer: string,
    private readonly clients: Clients,
  ) {
    server.on('request', (request, response) => {
      if (this.#serve === undefined) {
        request.socket.destroy();
        return;
      }
      if (request.url === '/jwks') this.keyFetches += 1;
      this.#serve(request, response);
    });
  }

  static async start(clients: Clients): Promise<OpenIdProvider> {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const provider = new OpenIdProvider(server, issuer, clients);
    await provider.rotate(await makeKey('first'));
    return provider;
  }

  /** The key that is signed with. */
  get key(): SigningKey {
    const [key] = this.#keys;
    if (key === undefined) throw new Error('The provider has no key.');
    return key;
  }

  /** Signs with another key from now on; the one until now is published beside it. */
  async rotate(key: SigningKey): Promise<void> {
    this.#keys = [key, ...this.#keys.slice(0, 1)];
    this.resume();
  }

  /** Answers nobody until {@link resume}. */
  pause(): void {
    this.#serve = undefined;
  }

  resume(): void {
    this.#serve = quietly(() =>
      new Provider(this.issuer, configuration(this.clients, this.#keys)).callback(),
    );
  }

  /** A JWT of a client's, as any client gets one. */
  async token(client: string, scope?: string): Promise<string> {
    const form = new URLSearchParams({ grant_type: 'client_credentials', resource: AUDIENCE });
    form.set('client_id', client);
    form.set('client_secret', SECRET);
    if (scope !== undefined) form.set('scope', scope);
    const answer = await fetch(`${this.issuer}/token`, { method: 'POST', body: form });
    const body = (await answer.json()) as { access_token?: string };
    if (body.access_token === undefined) throw new Error(`The provider refused: ${JSON.stringify(body)}`);
    return body.access_token;
  }

  /** A JWT that the provider itself would not make, signed with its key. Undefined takes a claim away. */
  async forged(client: string, claims: JWTPayload, header: Record<string, unknown> = {}): Promise<string> {
    const now = Math.floor(Date.now() / 1000);
    const usual = { iss: this.issuer, aud: AUDIENCE, sub: client, iat: now, exp: now + 300 };
    return await new SignJWT({ ...usual, ...this.clients[client], ...claims })
      .setProtectedHeader({ alg: this.key.alg, kid: this.key.kid, typ: 'at+jwt', ...header })
      .sign(this.key.privateKey);
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    this.server.close();
    await once(this.server, 'close');
  }
}

/** It warns of what would be wrong in production, such as keeping everything in memory. */
function quietly<T>(work: () => T): T {
  const { warn, info } = console;
  console.warn = console.info = () => undefined;
  try {
    return work();
  } finally {
    Object.assign(console, { warn, info });
  }
}

function configuration(clients: Clients, keys: readonly SigningKey[]): Record<string, unknown> {
  const signed = { alg: keys[0]?.alg, kid: keys[0]?.kid };
  return {
    clients: Object.keys(clients).map((id) => ({
      client_id: id,
      client_secret: SECRET,
      grant_types: ['client_credentials'],
      id_token_signed_response_alg: signed.alg,
      redirect_uris: [],
      response_types: [],
      token_endpoint_auth_method: 'client_secret_post',
    })),
    jwks: { keys: keys.map(({ jwk }) => jwk) },
    ttl: { ClientCredentials: 300 },
    scopes: ['sources:read', 'sources:create'],
    extraTokenClaims: (_: unknown, { clientId }: { clientId: string }) => clients[clientId],
    features: {
      devInteractions: { enabled: false },
      clientCredentials: { enabled: true },
      resourceIndicators: {
        enabled: true,
        defaultResource: () => AUDIENCE,
        getResourceServerInfo: () => ({
          audience: AUDIENCE,
          scope: 'sources:read sources:create',
          accessTokenTTL: 300,
          accessTokenFormat: 'jwt',
          jwt: { sign: signed },
        }),
      },
    },
  };
}
