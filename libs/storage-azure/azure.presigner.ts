import { BlobSASPermissions, generateBlobSASQueryParameters, SASProtocol } from '@azure/storage-blob';
import {
  type ObjectKey,
  ObjectPresigner,
  type PresignedPut,
  type PresignedRequest,
  type PresignGetOptions,
  type PresignOptions,
  type PresignPutOptions,
} from '#storage';

import type { AzurePlace } from './azure.place.js';
import { blockId } from './blocks.js';

/** A service SAS: what it grants, and how long. */
interface Grant {
  readonly permissions: 'r' | 'c' | 'w';
  readonly expiresAt: Date;
  readonly contentDisposition?: string | undefined;
  readonly contentType?: string | undefined;
}

/**
 * URLs with a service SAS ("Create a service SAS"), signed here with the account key. They have no start time, which would
 * refuse them wherever the service's clock is behind ours, and are for HTTPS only where the endpoint is.
 *
 * A SAS binds neither size nor checksum nor type of what is uploaded: whoever confirms an upload has to look.
 */
export class AzurePresigner extends ObjectPresigner {
  /** "Specifying the range header for Blob service operations" has `bytes=0-499` and `bytes=500-`, and no more. */
  readonly answersSuffixRanges = false;

  constructor(private readonly place: AzurePlace) {
    super();
  }

  presignGet(key: ObjectKey, options: PresignGetOptions): PresignedRequest {
    const { contentDisposition, contentType } = options;
    const expiresAt = expiryOf(options);
    const url = signedUrl(this.place, this.place.nameOf(key), {
      permissions: 'r',
      expiresAt,
      contentDisposition,
      contentType,
    });
    return { method: 'GET', url, headers: {}, expiresAt };
  }

  /** May create the object and never replace it: the permission is `c` without `w`, so that a key is written once. */
  presignPut(key: ObjectKey, options: PresignPutOptions): PresignedPut {
    const { contentType } = options;
    const expiresAt = expiryOf(options);
    const url = signedUrl(this.place, this.place.nameOf(key), { permissions: 'c', expiresAt });
    const headers = {
      // Put Blob fails without the kind of blob.
      'x-ms-blob-type': 'BlockBlob',
      // Not bound by the signature, but kept with the blob, where `head` finds it.
      ...(contentType === undefined ? {} : { 'content-type': contentType }),
    };
    return { method: 'PUT', url, headers, expiresAt, writesOnce: true };
  }

  /**
   * Put Block needs `w`, with which the holder could also write all of the blob. It is the blob in which the upload's
   * parts are gathered, and never the object's own, so nothing that was completed can be changed with it.
   */
  presignPart(
    key: ObjectKey,
    uploadId: string,
    partNumber: number,
    options: PresignPutOptions,
  ): PresignedRequest {
    const expiresAt = expiryOf(options);
    const url = signedUrl(this.place, this.place.uploadName(key, uploadId), { permissions: 'w', expiresAt });
    const block = `comp=block&blockid=${encodeURIComponent(blockId(uploadId, partNumber))}`;
    return { method: 'PUT', url: `${url}&${block}`, headers: {}, expiresAt };
  }
}

/** The URL of a blob with a SAS for it; `expiresAt` is by our clock. */
export function signedUrl(place: AzurePlace, name: string, grant: Grant): string {
  const { permissions, contentDisposition, contentType } = grant;
  // The service holds a SAS to its own time.
  const expiresAt = new Date(grant.expiresAt.getTime() + place.clock.aheadMs());
  const { url, containerName } = place.blob(name);
  const sas = generateBlobSASQueryParameters(
    {
      containerName,
      blobName: name,
      permissions: BlobSASPermissions.parse(permissions),
      expiresOn: expiresAt,
      protocol: url.startsWith('https:') ? SASProtocol.Https : SASProtocol.HttpsAndHttp,
      ...(contentDisposition === undefined ? {} : { contentDisposition }),
      ...(contentType === undefined ? {} : { contentType }),
    },
    place.credential,
  );
  return `${url}?${sas.toString()}`;
}

/** A SAS ends on a whole second: the last one within the life that was asked for. */
function expiryOf({ nowMs, expiresInSeconds }: PresignOptions): Date {
  return new Date((Math.floor(nowMs / 1000) + expiresInSeconds) * 1000);
}
