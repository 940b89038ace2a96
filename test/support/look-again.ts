import { type Api, expectStatus } from './api.js';

/**
 * Has a gateway read again what it has read of tokens and tenants: for suites that have changed a row behind its back,
 * which it would see half a second later. Whatever a gateway changes itself makes it forget; here it tries to.
 */
export async function lookAgain(root: Api): Promise<void> {
  expectStatus(await root.patch('/v1/tenants/nobody-has-this-id', { name: 'nobody' }), 404);
}
