import { CodedError, CommonErrors } from '#kernel';
import type { MultipartLimits } from '#storage';

const MIB = 2 ** 20;
/** More would make the answer that has their URLs very long; parts grow instead. */
const MAX_PARTS = 1_000;

/**
 * How many bytes each part of an upload has but the last; null when the bytes are to come whole, since they fit into
 * one part, or their number is not known, or the storage takes no parts. Throws `payload_too_large` for what does not fit
 * into the storage's parts.
 */
export function planPartBytes(
  sizeBytes: number | null,
  usualBytes: number,
  limits: MultipartLimits | null,
): number | null {
  if (sizeBytes === null || limits === null || sizeBytes <= usualBytes) return null;
  const least = Math.ceil(sizeBytes / Math.min(limits.maxParts, MAX_PARTS));
  const partBytes = Math.max(usualBytes, limits.minPartBytes, Math.ceil(least / MIB) * MIB);
  if (partBytes > limits.maxPartBytes)
    throw new CodedError(CommonErrors.payloadTooLarge, 'The storage takes no file of this size.');
  return sizeBytes <= partBytes ? null : partBytes;
}
