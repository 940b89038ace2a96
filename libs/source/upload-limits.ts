import { isWithin } from '#auth';
import { validationFailed } from '#http';
import { PresignErrors } from '#presign';

/** From when and from where bytes may come, which URLs of the gateway alone can be held to. */
export interface UploadLimits {
  /** Null: from the first. */
  readonly notBefore: Date | null;
  /** Null: from anywhere. */
  readonly ipRanges: readonly string[] | null;
}

/** How long an upload lives, in seconds, and from when and where it takes bytes. */
export interface UploadLife extends UploadLimits {
  readonly expiresIn: number;
}

/** True when there is a limit at all. */
export function isLimited({ notBefore, ipRanges }: UploadLimits): boolean {
  return notBefore !== null || ipRanges !== null;
}

/** Throws `validation_failed` when an upload would end (whole seconds since 1970) before it takes anything. */
export function assertOpensBefore(end: number, { notBefore }: UploadLimits): void {
  if (notBefore === null || notBefore.getTime() < end * 1000) return;
  throw validationFailed([
    { field: 'not_before', code: 'invalid', message: 'must lie before the end of the upload' },
  ]);
}

/**
 * Throws `link_address_not_allowed` or `link_not_yet_valid` for bytes that must not come from there, or now. As for links,
 * whoever comes from elsewhere is told nothing more.
 */
export function assertWithinLimits(
  { ipRanges, notBefore, isEarly }: UploadLimits & { readonly isEarly: boolean },
  address: string,
): void {
  if (ipRanges !== null && !isWithin(address, ipRanges)) throw PresignErrors.address();
  if (isEarly && notBefore !== null) throw PresignErrors.early(notBefore);
}
