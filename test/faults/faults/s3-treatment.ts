import { type CephPlace } from '../world/ceph-place.js';
import type { S3Call } from '../wire/s3-call.js';
import type { Treat, Treatment } from '../wire/s3-proxy.js';
import type { Strike } from './fault.js';

/**
 * Treats what the S3 server is asked for as long as `last` takes. Whoever reads by a URL has nothing to check what comes by,
 * so that passes; whoever writes by one has announced what it will be.
 */
export async function treatS3(
  strike: Strike,
  choose: (call: S3Call) => Treatment | null,
  last: () => Promise<void>,
): Promise<void> {
  const { proxy } = cephOf(strike);
  const treat: Treat = (call) => (call.presigned && call.operation === 'GetObject' ? null : choose(call));
  proxy.takeCount();
  proxy.treat(treat);
  try {
    await last();
  } finally {
    proxy.treat(null);
    strike.hit(proxy.takeCount());
  }
}

/** The place of a run on Ceph. */
export function cephOf({ world }: Strike): CephPlace {
  if (world.place.storage !== 'ceph') throw new Error('This fault is for Ceph.');
  return world.place;
}
