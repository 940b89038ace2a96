import { optional, setting } from './define.js';
import { addressRanges, baseUrl, headerName, host, integer, onOff, tenantHosts } from './values.js';

/** How the gateway is reached, and what it reads in requests. */
export const http = {
  port: setting('PORT', integer(0, 65_535), '8080', 'TCP port to listen on; 0 takes any free one.'),
  host: setting('HOST', host, '127.0.0.1', 'Address to listen on. `0.0.0.0` means every IPv4 address.'),
  publicUrl: optional(
    'GATEHOLD_PUBLIC_URL',
    baseUrl,
    'made from the listening address',
    'Base of every URL that is handed out. Set it whenever callers reach the gateway under another name.',
  ),
  trustedProxies: {
    name: 'GATEHOLD_TRUSTED_PROXIES',
    description: 'Proxies whose `X-Forwarded-For` is believed when the address of a caller is needed.',
    ...addressRanges,
    defaultText: 'none',
    fallback: Object.freeze<string[]>([]),
    secret: false,
  },
  organizationHeader: setting(
    'GATEHOLD_ORGANIZATION_HEADER',
    headerName,
    'X-Anyreach-Org',
    'Header by which a platform token names the tenant in the `/knowledge-base` calls.',
  ),
  tenantHosts: optional(
    'GATEHOLD_TENANT_HOSTS',
    tenantHosts,
    'none',
    'Hosts that name a tenant, `{tenant}` being its id: a request sent to `acme.files.example.com` is about the tenant ' +
      '`acme`. A host has no case, so that this is for ids of the characters a-z 0-9 - alone. Of a forwarded host only ' +
      '`GATEHOLD_TRUSTED_PROXIES` are believed.',
  ),
  stableUrlSeconds: setting(
    'GATEHOLD_STABLE_URL_SECONDS',
    integer(0, 86_400),
    '0',
    'Seconds within which every URL for the same thing is the same text, so that caches hold on to it; 0 makes each a new ' +
      'one. At most half of the life that was asked for, and that life is counted from the beginning of the window.',
  ),
  docs: setting('GATEHOLD_DOCS', onOff, 'on', 'Serves the Swagger UI under `/docs`.'),
} as const;
