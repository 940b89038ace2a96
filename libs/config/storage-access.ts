import { setting } from './define.js';
import { endpoints, integer } from './values.js';

/** How the gateway reaches storages, everybody's. */
export const storageAccess = {
  allowedEndpoints: {
    name: 'GATEHOLD_ALLOWED_ENDPOINTS',
    description:
      "Where tenants' own storages may be although their addresses are not globally routable: loopback, private, " +
      'shared, link-local and unique-local ones, and metadata services. A host name stands for itself alone, and for ' +
      'whatever it resolves to. The storage that the operator configures needs no entry.',
    ...endpoints,
    defaultText: 'none',
    fallback: Object.freeze<string[]>([]),
    secret: false,
  },
  connectSeconds: setting(
    'GATEHOLD_STORAGE_CONNECT_SECONDS',
    integer(1, 60),
    '3',
    'How long a connection to a storage may take to be made, TLS included. After that: 504 `storage_timeout`.',
  ),
  firstByteSeconds: setting(
    'GATEHOLD_STORAGE_FIRST_BYTE_SECONDS',
    integer(1, 600),
    '10',
    'How long a storage may take to begin its answer, repeats included. Large uploads get more at their end. After ' +
      'that: 504 `storage_timeout`.',
  ),
  idleSeconds: setting(
    'GATEHOLD_STORAGE_IDLE_SECONDS',
    integer(1, 600),
    '30',
    'How long a storage may stand still in the middle of a body. Time during which only the client is waited for does ' +
      'not count. After that the transfer is cut.',
  ),
} as const;
