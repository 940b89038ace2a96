import { BoundStorages } from '#binding';
import { Clock, newUuid, type Principal, type TenantContext } from '#kernel';
import { DeliveryService, endOfLife, UploadUrlService } from '#presign';
import type { MultipartUploads, ObjectPresigner, ObjectStorage } from '#storage';
import { Injectable } from '@nestjs/common';

import type { NewUpload, UploadPlace } from './new-upload.store.js';
import { boundBytes, partsOf, type PlannedPart, type UrlKind } from './pending-upload.js';
import { assertOpensBefore, isLimited, type UploadLife, type UploadLimits } from './upload-limits.js';
import { planPartBytes } from './upload-plan.js';

/** A request that whoever holds it may make. */
export interface Address {
  readonly url: string;
  /** To be sent with exactly these values. */
  readonly headers: Readonly<Record<string, string>>;
}

/** The URLs of an upload: one for all of its bytes, or one for each part. */
export interface Addresses {
  readonly whole: Address | null;
  readonly parts: readonly (PlannedPart & Address)[] | null;
}

/** What is known of bytes that are to come. */
export interface ExpectedBytes {
  readonly sizeBytes: number | null;
  readonly contentType: string;
  /** Hex. */
  readonly checksumSha256: string | null;
}

/** An upload that has URLs and no row yet. Exactly one of a row and `giveUp` follows. */
export interface IssuedUpload
  extends
    UploadPlace,
    UploadLimits,
    Pick<NewUpload, 'uploadId' | 'multipartId' | 'partBytes' | 'urlKind' | 'lifeSeconds'> {
  readonly addresses: Addresses;
  readonly giveUp: () => Promise<void>;
}

/** What the operator sets. */
export class UploadUrlOptions {
  /** Uploads of more bytes come in parts of so many. */
  constructor(readonly partBytes: number) {}
}

/** Where the bytes go, who takes them, and when. */
interface Plan extends UploadPlace {
  readonly tenantId: string;
  readonly uploadId: string;
  readonly presigner: ObjectPresigner | null;
  readonly bytes: ExpectedBytes;
  readonly partBytes: number | null;
  readonly multipartId: string | null;
  readonly from: number;
  readonly until: number;
}

/** Signed addresses, and what becomes of an upload by them. */
interface Signed {
  readonly addresses: Addresses;
  readonly urlKind: UrlKind;
  /** Whole seconds since 1970; temporary credentials may have brought it nearer. */
  readonly until: number;
}

/**
 * Issues the URLs of uploads: the storage's own where it signs URLs and the tenant's delivery lets clients reach it, the
 * gateway's otherwise. Large uploads come in parts.
 */
@Injectable()
export class UploadIssuer {
  constructor(
    private readonly storages: BoundStorages,
    private readonly deliveries: DeliveryService,
    private readonly urls: UploadUrlService,
    private readonly clock: Clock,
    private readonly options: UploadUrlOptions,
  ) {}

  /** The binding of uploads of tenants that have none of their own; null for the data folder. */
  async getDefaultBindingId(): Promise<string | null> {
    return await this.storages.getDefaultId();
  }

  /**
   * URLs that live `expiresIn` seconds at most: never longer than the token that asks, nor the storage's credentials.
   * The gateway's own where there are limits, which a storage knows nothing of. Throws `validation_failed` for an upload
   * that would end before it takes anything.
   */
  async issue(
    { tenantId }: TenantContext,
    issuer: Principal,
    place: UploadPlace,
    bytes: ExpectedBytes,
    { expiresIn, ...limits }: UploadLife,
  ): Promise<IssuedUpload> {
    const storage = await this.storages.open(tenantId, place.bindingId);
    const isProxied = isLimited(limits) || (await this.deliveries.deliveryOf(tenantId)) === 'proxy';
    const presigner = isProxied ? null : storage.presigner;
    const multipart = takesParts(storage, isProxied) ? storage.multipart : null;
    const partBytes = planPartBytes(bytes.sizeBytes, this.options.partBytes, multipart?.limits ?? null);
    const multipartId = partBytes === null ? null : await begin(multipart, place);
    const giveUp = async (): Promise<void> => {
      if (multipartId !== null) await multipart?.abort(place.objectKey, multipartId);
    };
    try {
      const from = this.clock.nowSeconds();
      const until = Math.max(endOfLife(issuer, from, expiresIn), from + 1);
      const uploadId = newUuid();
      const plan = { ...place, tenantId, uploadId, presigner, bytes, partBytes, multipartId, from, until };
      const { addresses, urlKind, until: end } = await this.sign(plan);
      assertOpensBefore(end, limits);
      return {
        ...place,
        ...limits,
        uploadId,
        multipartId,
        partBytes,
        urlKind,
        addresses,
        lifeSeconds: end - from,
        giveUp,
      };
    } catch (error) {
      await giveUp();
      throw error;
    }
  }

  private async sign(plan: Plan): Promise<Signed> {
    const { presigner, bytes, partBytes, until } = plan;
    const { sizeBytes: declaredSizeBytes, checksumSha256: declaredSha256, contentType } = bytes;
    const parts = partsOf({ declaredSizeBytes, partBytes });
    if (presigner !== null) return signAtStorage(presigner, plan, parts);
    const sign = await this.urls.signerOf(plan.tenantId);
    const bound = { declaredSizeBytes, declaredSha256, contentType };
    const address = (part: PlannedPart | null): Address => {
      const target = { uploadId: plan.uploadId, partNumber: part?.partNumber ?? 0, expiresAt: until };
      const headers: Record<string, string> = part === null ? { 'content-type': contentType } : {};
      return { url: sign({ ...target, ...boundBytes(bound, part) }), headers };
    };
    return { addresses: addressesOf(parts, address), urlKind: 'gateway', until };
  }
}

/** Behind the gateway only those are sent in parts that are not held in memory there. */
function takesParts(storage: ObjectStorage, isProxied: boolean): boolean {
  return storage.presigner === null || !isProxied;
}

async function begin(multipart: MultipartUploads | null, { objectKey }: UploadPlace): Promise<string> {
  if (multipart === null) throw new Error('A storage without parts was asked for some.');
  // The key is made for this upload, and known to nobody else yet.
  return await multipart.create(objectKey, { unheard: 'abort' });
}

function addressesOf(
  parts: readonly PlannedPart[] | null,
  address: (part: PlannedPart | null) => Address,
): Addresses {
  if (parts === null) return { whole: address(null), parts: null };
  return { whole: null, parts: parts.map((part) => ({ ...part, ...address(part) })) };
}

function signAtStorage(
  presigner: ObjectPresigner,
  { objectKey, multipartId, bytes, from, until }: Plan,
  parts: readonly PlannedPart[] | null,
): Signed {
  const life = { expiresInSeconds: until - from, nowMs: from * 1000 };
  let end = until;
  // What is made of parts is written by the gateway alone.
  let urlKind: UrlKind = 'once';
  const address = (part: PlannedPart | null): Address => {
    const { sizeBytes, contentType, checksumSha256 } = bytes;
    const whole = {
      sizeBytes: sizeBytes ?? undefined,
      checksumSha256: checksumSha256 ?? undefined,
      contentType,
    };
    const signed =
      part === null
        ? presigner.presignPut(objectKey, { ...life, ...whole })
        : presigner.presignPart(objectKey, multipartId ?? '', part.partNumber, {
            ...life,
            sizeBytes: part.sizeBytes,
          });
    if ('writesOnce' in signed && !signed.writesOnce) urlKind = 'staged';
    end = Math.min(end, Math.floor(signed.expiresAt.getTime() / 1000));
    return { url: signed.url, headers: signed.headers };
  };
  const addresses = addressesOf(parts, address);
  return { addresses, urlKind, until: end };
}
