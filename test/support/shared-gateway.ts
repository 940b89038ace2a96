import { Api } from './api.js';

/** The gateway that jest's global set-up started for all suites; each suite makes tenants of its own. */
export function sharedGateway(): {
  readonly root: Api;
  readonly anonymous: Api;
  readonly url: string;
  readonly dataDir: string;
} {
  const url = process.env['GATEHOLD_TEST_GATEWAY'] ?? '';
  const rootToken = process.env['GATEHOLD_TEST_ROOT_TOKEN'] ?? '';
  if (url === '' || rootToken === '')
    throw new Error('Run this suite through `npm test`: no shared gateway was started.');
  const root = new Api(url, rootToken);
  return { root, anonymous: root.as(null), url, dataDir: process.env['GATEHOLD_TEST_DATA_DIR'] ?? '' };
}
