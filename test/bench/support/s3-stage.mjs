/** What the S3 rows work on: Ceph, and gateways with a tenant on it. */
import { startCeph } from './ceph.mjs';
import { startGateway } from './gateway.mjs';

/** The server, with the bucket made. */
export async function cephStage(bench) {
  const ceph = await startCeph(bench);
  await ceph.createBucket();
  return ceph;
}

/** A gateway that nothing has gone through yet, with one tenant whose objects are in the bucket. */
export async function startBoundGateway(bench) {
  const ceph = await bench.shared(cephStage);
  // An endpoint on loopback is refused unless the operator names it.
  const gateway = await startGateway(bench, { GATEHOLD_ALLOWED_ENDPOINTS: '127.0.0.1' });
  const { tenantId, token } = await gateway.makeTenant();
  const { endpoint, region, accessKeyId, secretAccessKey } = ceph.place;
  await gateway.call('PUT', `/v1/tenants/${tenantId}/storage-binding`, {
    adapter: 's3',
    profile: 'ceph',
    endpoint,
    region,
    bucket: ceph.bucket,
    credentials: { access_key_id: accessKeyId, secret_access_key: secretAccessKey },
    delivery: 'proxy',
  });
  return { gateway, token };
}
