import { formatContentDisposition, mayBeInline, normalizeContentType } from '#http';
import { parseObjectKey, type ObjectPresigner, type PresignedRequest } from '#storage';

/** A file, and how it is to be shown. */
export interface ShownFile {
  readonly objectKey: string;
  readonly contentType: string;
  readonly name: string;
  readonly disposition: 'attachment' | 'inline';
}

/** A span of time in whole seconds since 1970. */
export interface UrlLife {
  readonly from: number;
  /** At least one second after `from`, and at most seven days. */
  readonly until: number;
}

/**
 * A URL of the provider for one file. Name, type and disposition are part of what is signed and are those that the
 * gateway itself would answer: whatever can run in a browser is an attachment, whoever asks. The URL may end before
 * `until`, with temporary credentials; `expiresAt` says when. Throws `storage_credentials_expired` when they are over.
 */
export function signProviderUrl(
  presigner: ObjectPresigner,
  file: ShownFile,
  { from, until }: UrlLife,
): PresignedRequest {
  const isInline = file.disposition === 'inline' && mayBeInline(file.contentType);
  return presigner.presignGet(parseObjectKey(file.objectKey), {
    expiresInSeconds: until - from,
    nowMs: from * 1000,
    contentDisposition: formatContentDisposition(isInline ? 'inline' : 'attachment', file.name),
    contentType: normalizeContentType(file.contentType),
  });
}
