import { newUuid } from '#kernel';
import { randomBytes } from 'node:crypto';

import type { StoreBench, StoreWorld } from './store-world.js';

/** How one call of a store is made when nothing is missing. */
export interface StoreCase {
  readonly args: (world: StoreWorld) => unknown[];
  /** Paths into the arguments of what names a row. */
  readonly ids: readonly string[];
  /** Paths that the call's contract lets be undefined, or does not look at. */
  readonly open?: readonly string[];
  /** What has to be so before the call has anything to do. */
  readonly prepare?: (bench: StoreBench, world: StoreWorld) => Promise<unknown>;
  /** The first argument is a transaction of the tenant's. */
  readonly inTransaction?: boolean;
}

const context = ({ tenantId }: StoreWorld): object => ({ tenantId, subTenantId: 'default' });
const reference = ({ sourceId }: StoreWorld): object => ({ sourceId, externalId: null });
const accepts = (): void => undefined;
const CONTEXT = ['0.tenantId', '0.subTenantId'];
const REFERENCE = ['1.sourceId'];
const sql =
  (text: string) =>
  (bench: StoreBench, { tenantId }: StoreWorld) =>
    bench.owner(text, [tenantId]);

const commitment = (w: StoreWorld): object => ({
  reference: reference(w),
  name: 'two.txt',
  defaultName: 'x',
  contentType: 'text/plain',
  metadata: { a: 1 },
  stored: { sizeBytes: 1, checksumSha256: 'aa' },
  expectsNone: false,
  accepts,
});
const uploadWish = (w: StoreWorld): object => ({
  tokenId: w.tokenId,
  defaultBindingId: null,
  bytes: 1,
  objects: 1,
  unless: { sourceId: null, externalId: 'new' },
});
const lockToken = '0197c9a2-5b1e-7c3d-8f4a-2b6d9e0c1a57';
const held = (w: StoreWorld): object => ({ uploadId: w.uploadId, lockToken, lifeSeconds: 60 });
const HELD = ['1.uploadId', '1.lockToken'];
/** The upload of the world as a resumable one, with a tail and a part; `state` is SQL that is set beside. */
const resumable =
  (state = `lease_id = '${lockToken}', leased_until = now() + interval '1 hour'`) =>
  async (bench: StoreBench, w: StoreWorld): Promise<void> => {
    await bench.owner(
      `UPDATE uploads SET kind = 'tus', source_id = $2, name = 'one.txt', content_type = 'text/plain',
        declared_size_bytes = 9, received_bytes = 9, part_bytes = 5, created_by = $3, ${state} WHERE tenant_id = $1`,
      [w.tenantId, w.sourceId, w.tokenId],
    );
    await bench.owner(
      `INSERT INTO uploads (tenant_id, upload_id, sub_tenant_id, object_key, created_by, expires_at, part_of, start_byte)
       VALUES ($1, $2, 'default', $3, $4, 'infinity', $5, 0)`,
      [w.tenantId, w.linkId, `${w.tenantKey}/tail`, w.tokenId, w.uploadId],
    );
    await bench.owner("INSERT INTO upload_parts VALUES ($1, $2, 1, 5, 'tag')", [w.tenantId, w.uploadId]);
  };
const FREE = 'lease_id = NULL';
const COMPLETED = "state = 'completed'";
const tusCreation = (w: StoreWorld): object => ({
  tokenId: w.tokenId,
  defaultBindingId: null,
  reference: reference(w),
  name: 'two.txt',
  defaultName: 'x',
  contentType: () => 'text/plain',
  metadata: { a: 1 },
  lengthBytes: 9,
  partBytes: 5,
  declaredSha256: 'aa',
  clientMetadata: 'name dHdv',
  lifeSeconds: 60,
  mayReplace: true,
  accepts,
  alongside: null,
});
const bounds = (): object => ({
  quotaBytes: 1_000,
  quotaObjects: 10,
  maxUploadBytes: 100,
  allowedContentTypes: ['text/*'],
});
const newToken = (w: StoreWorld): object => ({
  limits: null,
  tenantId: w.tenantId,
  tokenId: newUuid(),
  tokenHash: randomBytes(32),
  prefix: 'gth_',
  name: 'new',
  note: null,
  role: 'viewer',
  scopes: ['sources:read'],
  subTenantIds: ['branch'],
  ipRanges: ['10.0.0.0/8'],
  createdBy: w.tokenId,
  expiresAt: new Date('2100-01-01'),
});
const newLink = (w: StoreWorld): object => ({
  linkId: newUuid(),
  sourceId: w.sourceId,
  tokenId: w.tokenId,
  filename: null,
  disposition: 'inline',
  expiresAt: new Date('2100-01-01'),
  notBefore: new Date('2099-01-01'),
  maxDownloads: 1,
  ipRanges: ['10.0.0.0/8'],
});
const link = ({ tenantId, linkId }: StoreWorld): object => ({ tenantId, linkId });
const LINK = ['0.tenantId', '0.linkId'];
const limited = sql('UPDATE links SET max_downloads = 5, downloads = 3 WHERE tenant_id = $1');
const linkFilter = (w: StoreWorld): object => ({
  sourceId: w.sourceId,
  tokenId: w.tokenId,
  status: 'live',
  before: { createdAt: '2100-01-01T00:00:00.000Z', id: newUuid() },
  limit: 5,
});
const sourceFilter = (w: StoreWorld): object => ({
  namePrefix: 'one',
  contentType: 'text/plain',
  externalId: w.externalId,
  createdAfter: new Date('2001-01-01'),
  createdBefore: new Date('2100-01-01'),
  position: { createdAt: '2100-01-01T00:00:00.000Z', id: newUuid() },
  limit: 5,
});
const claims = (w: StoreWorld): object => ({
  tenantKey: w.tenantKey,
  sourceId: w.sourceId,
  kind: 'managed',
  referenceId: w.linkId,
  issuedAt: 1_000_000_000,
});
const keyScope = ({ tenantId, keyHash }: StoreWorld): object => ({ tenantId, hash: keyHash });
const newKeyRecord = (): object => ({ fingerprint: randomBytes(32), sealedAnswer: randomBytes(8) });
const KEY = ['0.tenantId', '0.hash'];
const expired = (table: string): ((bench: StoreBench, world: StoreWorld) => Promise<unknown>) => {
  return (bench) => bench.owner(`UPDATE ${table} SET expires_at = now()`);
};
const newBinding = (): object => ({
  place: {
    adapter: 's3',
    profile: 'ceph',
    endpoint: 'https://s3.example.com',
    region: 'here',
    bucket: newUuid(),
    prefix: 'below',
  },
  delivery: 'proxy',
  seal: () => randomBytes(8),
});
const newTenant = (): object => ({
  limits: null,
  tenantId: `t-${newUuid()}`,
  tenantKey: randomBytes(6).toString('hex'),
  name: 'new',
  defaultSubTenantId: 'default',
  bounds: bounds(),
});

const newUpload = (w: StoreWorld): object => ({
  uploadId: newUuid(),
  objectKey: `${w.tenantKey}/${newUuid()}`,
  bindingId: null,
  tokenId: w.tokenId,
  mayReplace: true,
  reference: reference(w),
  name: 'two.txt',
  contentType: 'text/plain',
  metadata: { a: 1 },
  sizeBytes: 10,
  checksumSha256: 'aa',
  multipartId: 'parts',
  partBytes: 5,
  urlKind: 'gateway',
  lifeSeconds: 60,
  notBefore: new Date('2030-01-31T12:00:00Z'),
  ipRanges: ['10.0.0.0/8'],
  accepts,
});
const upload = ({ tenantId, uploadId }: StoreWorld): object => ({ tenantId, uploadId });
const turn = ({ uploadId }: StoreWorld): object => ({ leaseId: uploadId });
/** Makes the upload one by URL that somebody is at, whose lease has the upload's id, and that has to be looked at. */
const byUrl =
  sql(`UPDATE uploads u SET kind = 'presigned', url_kind = 'gateway', source_id = s.source_id, name = 'x',
  content_type = 'text/plain', lease_id = u.upload_id, leased_until = now() + interval '1 minute', due_at = now(),
  expires_at = now() + interval '1 hour', object_key = t.tenant_key || '/one'
  FROM sources s JOIN tenants t ON t.tenant_id = s.tenant_id WHERE u.tenant_id = $1 AND s.tenant_id = $1`);

const auditEvent = (w: StoreWorld): object => ({
  action: 'access.denied',
  outcome: 'denied',
  tokenId: w.tokenId,
  role: 'viewer',
  linkId: null,
  subTenantId: w.branch,
  targetKind: 'source',
  targetId: w.sourceId,
  requestId: 'one-request',
  address: '192.0.2.7',
  details: { code: 'x' },
});
const eventGroup = (w: StoreWorld): object => {
  const { targetId, linkId, requestId, ...shared } = auditEvent(w) as Record<string, unknown>;
  return {
    shared,
    targetIds: [targetId],
    linkIds: [linkId],
    requestIds: [requestId],
    sinceMs: [performance.now()],
  };
};
const auditFilter = (w: StoreWorld): object => ({
  actionPrefix: 'token.',
  tokenId: w.tokenId,
  targetId: 'one',
  subTenantId: w.branch,
  outcome: 'success',
  from: new Date('2001-01-01'),
  to: new Date('2100-01-01'),
});

const sealedLongAgo = sql(`INSERT INTO audit_seals
    (tenant_id, seal_no, first_at, last_at, entry_count, entry_ids, horizon, previous_hash, hash)
  SELECT tenant_id, 2, '2001-01-01', '2001-01-01', 1, ARRAY[entry_id], 0, '', sha256('x') FROM audit_entries WHERE tenant_id = $1`);

/** Every call of every store, by name. */
export const STORE_CASES: Readonly<Record<string, StoreCase>> = {
  'AuditStore.write': { args: (w) => [w.tenantId, auditEvent(w)], ids: ['0'] },
  'AuditStore.writeAll': { args: (w) => [w.tenantId, [eventGroup(w)]], ids: ['0'] },
  'AuditStore.writeSealed': { args: (w) => [w.tenantId, [eventGroup(w)]], ids: ['0'] },
  'AuditStore.writeRefused': {
    args: (w) => [
      w.tenantKey,
      [{ event: auditEvent(w), ageMs: 1, tokenHash: w.tokenHash, claimedId: w.tokenId }],
    ],
    ids: ['0'],
  },
  'AuditStore.list': {
    args: (w) => [w.tenantId, [w.branch], auditFilter(w), 'ffffffff-ffff-7fff-bfff-ffffffffffff', 5],
    ids: ['0'],
  },
  'AuditSealStore.unsealed': { args: () => [5, 2], ids: [], prepare: (bench) => bench.transactionsOver() },
  'AuditSealStore.sealedTo': { args: () => ['9'], ids: [] },
  'AuditSealStore.auditedTenants': { args: () => ['a', 5], ids: [] },
  'AuditSealStore.seal': {
    args: (w) => [
      w.tenantId,
      [
        {
          tenantId: w.tenantId,
          entryIds: `{${w.tokenId}}`,
          lastNo: 1,
          horizon: '9',
          completeTo: null,
          hasMore: false,
        },
      ],
    ],
    ids: ['0'],
  },
  'AuditSealStore.findAnchor': { args: (w) => [w.tenantId], ids: ['0'] },
  'AuditSealStore.findNext': { args: (w) => [w.tenantId, 0], ids: ['0'], prepare: sealedLongAgo },
  'AuditSealStore.count': { args: (w) => [w.tenantId], ids: ['0'] },
  'AuditSealStore.removeOldest': { args: (w) => [w.tenantId, 5], ids: ['0'], prepare: sealedLongAgo },
  'PlatformTokenStore.ensureRoot': { args: () => [randomBytes(32)], ids: [] },
  'PlatformTokenStore.findLive': { args: (w) => [w.rootHash], ids: ['0'] },
  'TokenStore.findLive': {
    args: (w) => [w.tenantKey, w.tokenId, w.tokenHash.toString('latin1')],
    ids: ['0', '1', '2'],
  },
  'TokenStore.create': { args: (w) => [newToken(w)], ids: ['0.tenantId', '0.tokenId'] },
  'TokenStore.find': { args: (w) => [w.tenantId, w.tokenId], ids: ['0', '1'] },
  'TokenStore.list': {
    args: (w) => [w.tenantId, ['branch'], 'ffffffff-ffff-7fff-bfff-ffffffffffff', 5],
    ids: ['0'],
    prepare: sql("UPDATE tokens SET sub_tenant_ids = '{branch}' WHERE tenant_id = $1"),
  },
  'TokenStore.rotate': { args: (w) => [w.tenantId, w.tokenId, randomBytes(32), 60], ids: ['0', '1'] },
  'TokenStore.relabel': {
    args: (w) => [w.tenantId, w.tokenId, { name: 'renamed', note: 'noted' }],
    ids: ['0', '1'],
    open: ['2.name', '2.note'],
  },
  'TokenUseStore.record': {
    args: (w) => [w.tenantId, [{ tokenId: w.tokenId, at: new Date('2100-01-01'), address: '192.0.2.7' }]],
    ids: ['0', '1', '1.0', '1.0.tokenId'],
  },
  'TokenStore.revoke': { args: (w) => [w.tenantId, w.tokenId], ids: ['0', '1'] },
  'TokenStore.existingSubTenants': { args: (w) => [w.tenantId, ['branch']], ids: ['0', '1', '1.0'] },
  'LinkBatchStore.findAll': {
    args: (w) => [context(w), { sourceIds: w.sourceId, externalIds: [] }, true],
    ids: [...CONTEXT, '1.sourceIds'],
  },
  'LinkBatchStore.findMoments': {
    args: (w) => [context(w), w.sourceId],
    ids: [...CONTEXT, '1'],
  },
  'LinkStore.create': {
    args: (w) => [context(w), newLink(w)],
    ids: [...CONTEXT, '1.linkId', '1.sourceId', '1.tokenId'],
  },
  'LinkStore.list': { args: (w) => [context(w), linkFilter(w)], ids: CONTEXT },
  'LinkStore.find': { args: (w) => [context(w), w.linkId], ids: [...CONTEXT, '1'] },
  'LinkStore.revokeAll': {
    args: (w) => [context(w), { sourceId: w.sourceId, tokenId: w.tokenId }],
    ids: CONTEXT,
  },
  'LinkStore.revoke': { args: (w) => [context(w), w.linkId], ids: [...CONTEXT, '1'] },
  'LinkMarkStore.put': { args: (w) => [w.tenantId, 'tenant', new Date('2002-01-01')], ids: ['0'] },
  'LinkMarkStore.findPlaceOf': { args: (w) => [w.tenantId, w.sourceId], ids: ['0', '1'] },
  'LinkMarkStore.findSubTenant': { args: (w) => [w.tenantId, 'branch'], ids: ['0', '1'] },
  'LinkMarkStore.isToken': { args: (w) => [w.tenantId, w.tokenId], ids: ['0', '1'] },
  'LinkUseStore.reserve': {
    args: (w) => [link(w), newUuid()],
    ids: [...LINK, '1'],
    prepare: limited,
  },
  'LinkUseStore.renew': { args: (w) => [link(w), w.useId], ids: [...LINK, '1'] },
  'LinkUseStore.count': { args: (w) => [link(w), w.useId], ids: [...LINK, '1'] },
  'LinkUseStore.release': { args: (w) => [link(w), w.useId], ids: [...LINK, '1'] },
  'LinkUseStore.uncount': { args: (w) => [link(w)], ids: LINK, prepare: limited },
  'LinkUseStore.add': {
    args: (w) => [w.tenantId, [{ linkId: w.linkId, count: 2, lastUsedAt: new Date() }]],
    ids: ['0', '1.0.linkId'],
  },
  'SigningKeyStore.findCurrent': { args: (w) => [w.tenantId], ids: ['0'] },
  'SigningKeyStore.findByTenantKey': { args: (w) => [w.tenantKey, 1], ids: ['0', '1'] },
  'SigningKeyStore.ensureFirst': {
    args: (w) => [w.tenantId, randomBytes(8)],
    ids: ['0'],
    prepare: sql('DELETE FROM signing_keys WHERE tenant_id = $1'),
  },
  'SigningKeyStore.list': { args: (w) => [w.tenantId, 5, 5], ids: ['0'] },
  'SigningKeyStore.add': { args: (w) => [w.tenantId, () => randomBytes(8)], ids: ['0'] },
  'SigningKeyStore.retire': {
    args: (w) => [w.tenantId, 1],
    ids: ['0', '1'],
    prepare: sql("INSERT INTO signing_keys VALUES ($1, 2, '\\x02')"),
  },
  'StorageBindingStore.findCurrent': { args: (w) => [w.tenantId], ids: ['0'] },
  'StorageBindingStore.find': { args: (w) => [w.tenantId, w.bindingId], ids: ['0', '1'] },
  'StorageBindingStore.put': { args: (w) => [w.tenantId, newBinding()], ids: ['0'] },
  'StorageBindingStore.remove': { args: (w) => [w.tenantId], ids: ['0'] },
  'StorageBindingStore.findTenantKey': { args: (w) => [w.tenantId], ids: ['0'] },
  'StorageBindingStore.findPlatform': { args: (w) => [w.platformBindingId], ids: ['0'] },
  'StorageBindingStore.ensurePlatform': { args: () => [newBinding()], ids: [] },
  'IdempotencyStore.find': { args: (w) => [keyScope(w)], ids: KEY },
  'IdempotencyStore.claim': {
    args: (w) => [keyScope(w), newUuid()],
    ids: [...KEY, '1'],
    prepare: expired('idempotency_keys'),
  },
  'IdempotencyStore.renew': { args: (w) => [keyScope(w), w.keyOwner], ids: [...KEY, '1'] },
  'IdempotencyStore.release': { args: (w) => [keyScope(w), w.keyOwner], ids: [...KEY, '1'] },
  'IdempotencyStore.record': {
    args: (w) => [keyScope(w), w.keyOwner, newKeyRecord()],
    ids: [...KEY, '1'],
  },
  'IdempotencyStore.removeExpired': {
    args: (w) => [w.tenantId, 5],
    ids: ['0'],
    prepare: expired('idempotency_keys'),
  },
  'idempotency.store.recordIn': {
    args: (w) => [keyScope(w), w.keyOwner, newKeyRecord()],
    ids: [...KEY, '1'],
    inTransaction: true,
  },
  'PlatformKeyStore.tryLock': { args: (w) => [w.keyHash], ids: ['0'] },
  'PlatformKeyStore.find': { args: (w) => [w.platformKeyHash], ids: ['0'] },
  'PlatformKeyStore.record': { args: () => [randomBytes(32), newKeyRecord()], ids: ['0'] },
  'PlatformKeyStore.removeExpired': {
    args: () => [5],
    ids: [],
    prepare: expired('platform_idempotency_keys'),
  },
  'PlatformKeyStore.tenantsWithExpired': {
    args: () => ['a', 5],
    ids: [],
    prepare: expired('idempotency_keys'),
  },
  'OutboxStore.tenantsWithDueWork': { args: () => [5], ids: [] },
  'OutboxStore.lease': { args: (w) => [w.tenantId, 5], ids: ['0'] },
  'OutboxStore.complete': {
    args: (w) => [w.tenantId, [{ outboxId: w.outboxId, attempts: 0 }]],
    ids: ['0', '1.0.outboxId'],
  },
  'OutboxStore.postpone': {
    args: (w) => [w.tenantId, [{ outboxId: w.outboxId, attempts: 0 }]],
    ids: ['0', '1.0.outboxId'],
  },
  'OutboxStore.erase': {
    args: (w) => [w.tenantId, 5],
    ids: ['0'],
    prepare: sql("UPDATE tenants SET status = 'deleting' WHERE tenant_id = $1"),
  },
  'ClaimStore.claim': { args: () => [newUuid(), 5], ids: ['0'] },
  'CondemnedStore.condemn': { args: (w) => [w.tenantId, null, [`${w.tenantKey}/x`]], ids: ['0', '2', '2.0'] },
  'NewUploadStore.findPlace': { args: (w) => [w.tenantId, null], ids: ['0'] },
  'NewUploadStore.create': {
    args: (w) => [context(w), newUpload(w)],
    ids: [...CONTEXT, '1.uploadId', '1.objectKey', '1.tokenId'],
    open: ['1.metadata.a'],
  },
  'PendingUploadStore.find': {
    args: (w) => [context(w), w.uploadId],
    ids: [...CONTEXT, '1'],
    prepare: byUrl,
  },
  'PendingUploadStore.findByKey': { args: (w) => [w.tenantKey, w.uploadId], ids: ['0', '1'], prepare: byUrl },
  'PendingUploadStore.takeTurn': {
    args: (w) => [context(w), w.uploadId, true],
    ids: [...CONTEXT, '1'],
    prepare: byUrl,
  },
  'PendingUploadStore.renewTurn': {
    args: (w) => [upload(w), turn(w)],
    ids: ['0.tenantId', '0.uploadId', '1.leaseId'],
    prepare: byUrl,
  },
  'PendingUploadStore.giveTurnBack': {
    args: (w) => [
      { ...upload(w), bindingId: null, sourceId: w.sourceId },
      { ...turn(w), attemptKey: null },
    ],
    ids: ['0.tenantId', '0.uploadId', '0.sourceId', '1.leaseId'],
    prepare: byUrl,
  },
  'PendingUploadStore.end': {
    args: (w) => [upload(w), turn(w)],
    ids: ['0.tenantId', '0.uploadId', '1.leaseId'],
    prepare: byUrl,
  },
  'DueUploadStore.tenantsWithDueUploads': { args: () => [5], ids: [], prepare: byUrl },
  'DueUploadStore.takeDue': { args: (w) => [w.tenantId, 5], ids: ['0'], prepare: byUrl },
  'ReconcileStore.isSealedWith': {
    args: () => ['a fingerprint'],
    ids: ['0'],
    prepare: (bench) =>
      bench.owner(
        `INSERT INTO platform_settings VALUES ('master_key_fingerprint', 'a fingerprint') ON CONFLICT DO NOTHING`,
      ),
  },
  'ReconcileStore.listTenantIds': { args: () => ['a', 5], ids: [] },
  'ReconcileStore.findTenant': { args: (w) => [w.tenantId], ids: ['0'] },
  'ReconcileStore.listBindings': { args: (w) => [w.tenantId], ids: ['0'] },
  'ReconcileStore.listPlatformBindings': { args: () => [5], ids: [] },
  'ReconcileStore.isNamed': { args: (w) => [w.tenantId, null], ids: ['0'] },
  'ReconcileStore.lookUp': {
    args: (w) => [w.tenantId, [{ key: w.objectKey, sizeBytes: 1 }]],
    ids: ['0'],
  },
  'ReconcileStore.listRows': {
    args: (w) => [w.tenantId, null, { after: '', upTo: 'z', limit: 5 }],
    ids: ['0'],
    prepare: sql("UPDATE sources SET object_key = 'a/b' WHERE tenant_id = $1"),
  },
  'ReconcileStore.findRow': {
    args: (w) => [w.tenantId, `${w.tenantKey}/a`],
    ids: ['0', '1'],
    prepare: sql(
      `UPDATE sources s SET status = 'available', object_key = t.tenant_key || '/a', size_bytes = 1, checksum_sha256 = '\\x00'
       FROM tenants t WHERE t.tenant_id = $1 AND s.tenant_id = t.tenant_id`,
    ),
  },
  'ReconcileStore.listStaleUploads': {
    args: (w) => [w.tenantId, 5],
    ids: [],
    prepare: sql("UPDATE uploads SET expires_at = now() - interval '1 hour' WHERE tenant_id = $1"),
  },
  'ReconcileStore.listUploading': { args: (w) => [w.tenantId, [w.objectKey]], ids: ['0', '1', '1.0'] },
  'RedemptionStore.findFresh': { args: (w) => [claims(w)], ids: ['0.tenantKey', '0.sourceId'] },
  'RedemptionStore.find': { args: (w) => [claims(w)], ids: ['0.tenantKey', '0.sourceId'] },
  'SourceStore.find': { args: (w) => [context(w), reference(w)], ids: [...CONTEXT, ...REFERENCE] },
  'SourceStore.findFresh': { args: (w) => [context(w), reference(w)], ids: [...CONTEXT, ...REFERENCE] },
  'SourceStore.findInTenantFresh': { args: (w) => [w.tenantId, w.sourceId], ids: ['0', '1'] },
  'SourceStore.findInTenant': { args: (w) => [w.tenantId, w.sourceId, ['default']], ids: ['0', '1', '2.0'] },
  'SourceStore.list': { args: (w) => [context(w), sourceFilter(w)], ids: CONTEXT },
  'SourceStore.update': {
    args: (w) => [context(w), reference(w), { name: 'new', metadata: { a: 1 } }, accepts],
    ids: [...CONTEXT, ...REFERENCE],
    open: ['2.name', '2.metadata', '2.metadata.a'],
  },
  'SourceStore.remove': { args: (w) => [context(w), reference(w), accepts], ids: [...CONTEXT, ...REFERENCE] },
  'source.store.lock': {
    args: (w) => [context(w), reference(w)],
    ids: [...CONTEXT, ...REFERENCE],
    inTransaction: true,
  },
  'UploadExpiryStore.expire': {
    args: (w) => [w.tenantId, 5],
    ids: ['0'],
    prepare: sql('UPDATE uploads SET expires_at = now() WHERE tenant_id = $1'),
  },
  'UploadExpiryStore.forget': {
    args: (w) => [w.tenantId, 5],
    ids: ['0'],
    prepare: sql("UPDATE uploads SET expires_at = now(), state = 'completed' WHERE tenant_id = $1"),
  },
  'UploadStore.open': { args: (w) => [context(w), uploadWish(w)], ids: [...CONTEXT, '1.tokenId'] },
  'UploadStore.openNew': { args: (w) => [context(w), uploadWish(w)], ids: [...CONTEXT, '1.tokenId'] },
  'UploadStore.findRoom': { args: (w) => [context(w)], ids: CONTEXT },
  'UploadStore.grow': {
    args: (w) => [context(w), { uploadId: w.uploadId }, 0, 10],
    ids: [...CONTEXT, '1.uploadId'],
  },
  'TusStore.find': {
    args: (w) => [context(w), w.tokenId, w.uploadId],
    ids: [...CONTEXT, '1', '2'],
    prepare: resumable(FREE),
  },
  'TusStore.getHeld': {
    args: (w) => [context(w), held(w)],
    ids: ['0.tenantId', ...HELD],
    open: ['0.subTenantId', '1.lifeSeconds'],
    prepare: resumable(),
  },
  'TusStore.listParts': {
    args: (w) => [context(w), w.uploadId],
    ids: ['0.tenantId', '1'],
    open: ['0.subTenantId'],
    prepare: resumable(),
  },
  'TusStore.end': {
    args: (w) => [context(w), w.uploadId],
    ids: ['0.tenantId', '1'],
    open: ['0.subTenantId'],
    prepare: resumable(),
  },
  'TusStore.forget': {
    args: (w) => [context(w), w.uploadId],
    ids: ['0.tenantId', '1'],
    open: ['0.subTenantId'],
    prepare: resumable(COMPLETED),
  },
  'TusCreationStore.create': {
    args: (w) => [context(w), tusCreation(w)],
    // Null is what a source that is new has.
    ids: [...CONTEXT, '1.tokenId'],
    open: ['1.alongside', '1.name', '1.defaultName', '1.metadata', '1.metadata.a', '1.reference.externalId'],
  },
  'TusLockStore.lock': {
    args: (w) => [context(w), { tokenId: w.tokenId, uploadId: w.uploadId, unrecordedBytes: 0 }],
    ids: [...CONTEXT, '1.tokenId', '1.uploadId'],
    prepare: resumable(FREE),
  },
  'TusLockStore.renew': {
    args: (w) => [context(w), w.uploadId, lockToken, 60],
    ids: ['0.tenantId', '1', '2'],
    open: ['0.subTenantId'],
    prepare: resumable(),
  },
  'TusLockStore.release': {
    args: (w) => [context(w), w.uploadId, lockToken, true],
    ids: ['0.tenantId', '1', '2'],
    open: ['0.subTenantId'],
    prepare: resumable(),
  },
  'TusProgressStore.claimTail': {
    args: (w) => [context(w), held(w), { tailId: newUuid(), objectKey: `${w.tenantKey}/new`, startByte: 1 }],
    ids: ['0.tenantId', ...HELD, '2.tailId'],
    open: ['0.subTenantId', '1.lifeSeconds'],
    prepare: resumable(),
  },
  'TusProgressStore.beginParts': {
    args: (w) => [context(w), held(w), 'multipart'],
    ids: ['0.tenantId', ...HELD],
    open: ['0.subTenantId', '1.lifeSeconds'],
    prepare: resumable(),
  },
  'TusProgressStore.record': {
    args: (w) => [
      context(w),
      held(w),
      {
        receivedBytes: 9,
        nextPart: 3,
        parts: [{ partNumber: 2, sizeBytes: 4, entityTag: 'tag' }],
        written: [{ tailId: w.linkId, sizeBytes: 1 }],
        droppedIds: [newUuid()],
      },
    ],
    ids: ['0.tenantId', ...HELD],
    open: ['0.subTenantId'],
    prepare: resumable(),
  },
  'TusProgressStore.dropTails': {
    args: (w) => [context(w), [w.linkId]],
    ids: ['0.tenantId', '1.0'],
    open: ['0.subTenantId'],
    prepare: resumable(),
  },
  'upload.store.lockRoom': { args: (w) => [context(w)], ids: CONTEXT, inTransaction: true },
  'UsageStore.list': { args: (w) => [w.tenantId, ['default']], ids: ['0', '1.0'] },
  'UploadStore.renew': {
    args: (w) => [context(w), { uploadId: w.uploadId }],
    ids: ['0.tenantId', '1.uploadId'],
    open: ['0.subTenantId'],
  },
  'UploadStore.abandon': {
    args: (w) => [context(w), { uploadId: w.uploadId }],
    ids: ['0.tenantId', '1.uploadId'],
    open: ['0.subTenantId'],
  },
  'UploadStore.discard': {
    args: (w) => [context(w), { objectKey: `${w.tenantKey}/x`, bindingId: null }],
    ids: ['0.tenantId', '1.objectKey'],
    open: ['0.subTenantId'],
  },
  'CommitStore.commit': {
    args: (w) => [
      context(w),
      {
        uploadId: w.uploadId,
        objectKey: w.objectKey,
        bindingId: null,
        reserved: { bytes: 0, objects: 1 },
      },
      commitment(w),
    ],
    ids: ['0.tenantId', '1.uploadId'],
    // The reservation matters only where there is nothing to replace, and a shorter way is taken only when asked for.
    open: [
      '1.reserved',
      '1.reserved.bytes',
      '1.reserved.objects',
      '2.expectsNone',
      '2.name',
      '2.defaultName',
      '2.metadata',
      '2.metadata.a',
    ],
  },
  'VerificationStore.ensureRound': { args: () => [0], ids: [] },
  'VerificationStore.finishRound': {
    args: (w) => [w.roundId],
    ids: ['0'],
    prepare: (bench, w) =>
      bench.owner(
        `INSERT INTO platform_settings
         VALUES ('verification', json_build_object('round', $1::text, 'begun', now(), 'finished', false)::text)
         ON CONFLICT (name) DO UPDATE SET value = excluded.value`,
        [w.roundId],
      ),
  },
  'VerificationStore.findTenantRound': { args: (w) => [w.tenantId], ids: ['0'] },
  'VerificationStore.findPosition': { args: (w) => [w.tenantId, w.roundId], ids: ['0', '1'] },
  'VerificationStore.listSources': {
    args: (w) => [w.tenantId, '00000000-0000-0000-0000-000000000000', 5],
    ids: ['0'],
    prepare: sql(
      `UPDATE sources SET status = 'available', object_key = 'a/b', size_bytes = 1, checksum_sha256 = '\\x00'
       WHERE tenant_id = $1`,
    ),
  },
  'VerificationStore.advance': {
    args: (w) => [w.tenantId, w.roundId, { afterSourceId: w.sourceId, finished: true, corrupt: [] }],
    ids: ['0', '1'],
  },
  'SubTenantStore.create': { args: (w) => [w.tenantId, 'new', 'New', bounds()], ids: ['0', '1'] },
  'SubTenantStore.find': { args: (w) => [w.tenantId, 'branch'], ids: ['0', '1'] },
  'SubTenantStore.list': { args: (w) => [w.tenantId, ['branch'], 'a', 5], ids: ['0', '1.0'] },
  'SubTenantStore.update': {
    args: (w) => [w.tenantId, 'branch', { name: 'new', status: 'suspended' }],
    ids: ['0', '1'],
    open: ['2.name', '2.status'],
  },
  'SubTenantStore.remove': { args: (w) => [w.tenantId, 'branch', true], ids: ['0', '1'] },
  'TenantContextStore.find': { args: (w) => [w.tenantId, 'branch', ['branch']], ids: ['0'] },
  'TenantStore.create': {
    args: () => [newTenant()],
    ids: ['0.tenantId', '0.tenantKey', '0.defaultSubTenantId'],
  },
  'TenantStore.find': { args: (w) => [w.tenantId], ids: ['0'] },
  'TenantStore.list': { args: () => ['a', 5], ids: [] },
  'TenantStore.update': {
    args: (w) => [w.tenantId, { name: 'new', status: 'suspended' }],
    ids: ['0'],
    open: ['1.name', '1.status'],
  },
  'TenantStore.remove': { args: (w) => [w.tenantId, true], ids: ['0'] },
  'tenant.store.dropTenantRows': {
    args: (w) => [w.tenantId],
    ids: ['0'],
    inTransaction: true,
    prepare: async (bench, w) => {
      for (const table of ['sources', 'uploads', 'outbox'])
        await bench.owner(`DELETE FROM ${table} WHERE tenant_id = $1`, [w.tenantId]);
    },
  },
};
