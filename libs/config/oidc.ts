import { setting } from './define.js';
import { oidcIssuers, type OidcIssuerSettings } from './oidc-issuers.js';
import { integer } from './values.js';

/** Who else than the gateway itself says who somebody is. */
export const oidc = {
  issuers: {
    name: 'GATEHOLD_OIDC_ISSUERS',
    description:
      'OpenID providers whose JWTs are taken beside API tokens, each with its audience, its tenants and what its claims ' +
      'mean here. A bearer that looks like a JWT is theirs alone then.',
    ...oidcIssuers,
    defaultText: 'none',
    fallback: Object.freeze<OidcIssuerSettings[]>([]),
    secret: false,
  },
  clockSkewSeconds: setting(
    'GATEHOLD_OIDC_CLOCK_SKEW_SECONDS',
    integer(0, 300),
    '30',
    'How far the clocks of a provider and of the gateway may be apart, when the times in a JWT are looked at.',
  ),
} as const;
