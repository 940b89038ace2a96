import { type Authenticator, ChainAuthenticator, OidcAuthenticator } from '#auth';
import type { GatewayConfig } from '#config';

import type { DeploymentParts } from './deployment.js';

/** What decides who a request is from, given what knows API tokens: the deployment's own choice, or what the settings say. */
export function authenticatorOf({ oidc }: GatewayConfig, { authenticator: chosen }: DeploymentParts) {
  return (apiTokens: Authenticator): Authenticator => {
    const builtIn = withIssuers(oidc, apiTokens);
    return chosen?.(builtIn) ?? builtIn;
  };
}

/** API tokens, and JWTs where issuers are named: what a bearer looks like says whose business it is. */
function withIssuers(oidc: GatewayConfig['oidc'], apiTokens: Authenticator): Authenticator {
  if (oidc.issuers.length === 0) return apiTokens;
  return new ChainAuthenticator([new OidcAuthenticator(oidc), apiTokens]);
}
