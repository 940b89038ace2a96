import { type AccessDecision, type AccessRequest, RolePolicy } from '#auth';
import { Gatehold } from '#gatehold';
import { CodedError } from '#kernel';
import * as port from '#storage';
import { ChainTenantResolver, type TenantClaim, type TenantRequest, TenantResolver } from '#tenant';

const PREFIX = /^\/of\/([^/?]+)(?=\/)/;

/** `/of/acme/v1/sources` is `/v1/sources` of the tenant acme. */
export class PathTenantResolver extends TenantResolver {
  resolve({ target }: TenantRequest): TenantClaim | null {
    const [, tenantId] = PREFIX.exec(target) ?? [];
    return tenantId === undefined ? null : { tenantId };
  }
  override routedTarget(target: string): string {
    return target.replace(PREFIX, '');
  }
}

/** As roles have it; but in a tenant on legal hold nothing is replaced or deleted. */
export class LegalHoldPolicy extends RolePolicy {
  override decide(request: AccessRequest): AccessDecision {
    const { principal, anyOf } = request;
    const isHeld = principal.tenant?.tenantId.startsWith('held-') === true;
    const left = anyOf.filter((scope) => !isHeld || !/:(?:write|delete)$/.test(scope));
    return super.decide({ principal, anyOf: left });
  }
}

/** Objects in memory, for as long as the process lives. */
export class MemoryStorage extends port.ObjectStorage {
  readonly capabilities = { ...port.NO_CAPABILITIES, writeOnce: true, serverSideCopy: true };
  readonly multipart = null;
  readonly presigner = null;
  readonly #kept = new Map<string, { readonly bytes: Buffer; readonly head: port.ObjectHead }>();

  async put(key: port.ObjectKey, source: port.BodySource, options: port.PutOptions = {}) {
    port.parseObjectKey(key);
    const body = new port.UploadBody(source, options);
    try {
      const chunks: Uint8Array[] = [];
      for (let chunk = await body.next(); chunk !== null; chunk = await body.next()) chunks.push(chunk);
      body.throwIfAborted();
      this.#keep(key, Buffer.concat(chunks));
      return body.result;
    } finally {
      body.close();
    }
  }
  async get(key: port.ObjectKey, { range, ifMatch, signal }: port.GetOptions = {}) {
    const found = this.#find(key, signal);
    if (found === undefined) return null;
    if (ifMatch !== undefined && ifMatch !== found.head.entityTag)
      throw new CodedError(port.StorageErrors.contentUnavailable, 'Another one is there.');
    const content = range === undefined ? found.bytes : found.bytes.subarray(range.start, range.end + 1);
    return new port.StoredBody({ sizeBytes: found.bytes.length, lengthBytes: content.length, content });
  }
  async head(key: port.ObjectKey, { signal }: port.CallOptions = {}) {
    return this.#find(key, signal)?.head ?? null;
  }
  async list(prefix: port.KeyPrefix, { after = '', limit = 1_000, signal }: port.ListOptions = {}) {
    if (signal?.aborted === true) throw port.abortFailure(signal);
    const below = [...this.#kept].filter(([key]) => key.startsWith(`${prefix}/`) && key > after).sort();
    const objects = below.slice(0, limit).map(([key, { head }]) => ({ key, ...head }));
    const next = below.length > limit ? (objects.at(-1)?.key ?? null) : null;
    return { objects, next, listedAt: new Date() };
  }
  async copy(from: port.ObjectKey, to: port.ObjectKey, { signal }: port.CopyOptions = {}) {
    const found = this.#find(from, signal);
    return found === undefined ? null : this.#keep(port.parseObjectKey(to), found.bytes);
  }
  async remove(key: port.ObjectKey, { signal }: port.CallOptions = {}) {
    this.#find(key, signal);
    this.#kept.delete(key);
  }
  removeUnfinished = async () => ({ removed: 0, failed: 0 });
  release = async () => undefined;

  #find(key: port.ObjectKey, signal?: AbortSignal) {
    if (signal?.aborted === true) throw port.abortFailure(signal);
    return this.#kept.get(port.parseObjectKey(key));
  }
  #keep(key: port.ObjectKey, bytes: Buffer): port.ObjectHead {
    if (this.#kept.has(key)) throw new CodedError(port.StorageErrors.objectExists, 'Taken.');
    const head = { sizeBytes: bytes.length, modifiedAt: new Date(), entityTag: crypto.randomUUID() };
    this.#kept.set(key, { bytes, head });
    return head;
  }
}

export const memory = new MemoryStorage();
export const second = Gatehold.forRoot({
  tenantResolver: (builtIn) => new ChainTenantResolver([builtIn, new PathTenantResolver()]),
  accessPolicy: () => new LegalHoldPolicy(),
  storageDrivers: [{ name: 'memory', open: async () => memory }],
  ownStorage: { id: 'memory', driver: 'memory', settings: {} },
});
