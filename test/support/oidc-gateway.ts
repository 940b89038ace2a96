import { Api } from './api.js';
import { GatewayProcess } from './gateway-process.js';
import { AUDIENCE, OpenIdProvider, type Clients } from './openid-provider.js';

/** Roles as the tests' provider calls them. */
export const MAPPED = { boss: 'admin', writer: 'editor', reader: 'viewer', feeder: 'uploader' } as const;

/** A gateway that believes a provider of its own. */
export class OidcGateway {
  private constructor(
    readonly provider: OpenIdProvider,
    readonly gateway: GatewayProcess,
    /** A caller with the root token. */
    readonly root: Api,
  ) {}

  static async start(clients: Clients, env: Readonly<Record<string, string>> = {}): Promise<OidcGateway> {
    const provider = await OpenIdProvider.start(clients);
    const { issuer } = provider;
    const issuers = [{ issuer, audience: AUDIENCE, roles: { ...MAPPED, operator: 'platform_admin' } }];
    try {
      const gateway = await GatewayProcess.start({
        env: { GATEHOLD_OIDC_ISSUERS: JSON.stringify(issuers), ...env },
      });
      return new OidcGateway(provider, gateway, new Api(gateway.url, gateway.rootToken));
    } catch (error) {
      await provider.stop();
      throw error;
    }
  }

  /** A caller with a JWT of a client's. */
  async as(client: string, scope?: string): Promise<Api> {
    return this.root.as(await this.provider.token(client, scope));
  }

  async dispose(): Promise<void> {
    await this.provider.stop();
    await this.gateway.dispose();
  }
}
