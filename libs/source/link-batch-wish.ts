import { createValidationPipe } from '#http';
import { isUuid, type MaybePromise } from '#kernel';
import { LINK_LIFE } from '#presign';

import { LinkBatchDto, MAX_BATCH } from './link-batch.dto.js';

const bodies = createValidationPipe();
const NAMES = new Set(['source_ids', 'expires_in']);

/** What a body asks for. Throws `validation_failed` with every field at fault. */
export function readBatchWish(body: Record<string, unknown>): MaybePromise<LinkBatchDto> {
  const checked = plainBatchWish(body) ?? bodies.check(body, { type: 'body', metatype: LinkBatchDto });
  return checked as MaybePromise<LinkBatchDto>;
}

/**
 * What nearly every body asks for, which is URLs for UUIDs: to see that takes a fraction of what the rules of the DTO take to
 * find the same of a thousand. Null where it is anything else, for which the rules are there.
 */
export function plainBatchWish(body: Record<string, unknown>): LinkBatchDto | null {
  const { source_ids: ids, expires_in: life } = body;
  if (!Object.keys(body).every((name) => NAMES.has(name))) return null;
  if (!Array.isArray(ids) || ids.length === 0 || ids.length > MAX_BATCH) return null;
  if (life !== undefined && !isLife(life)) return null;
  if (!ids.every((id) => typeof id === 'string' && isUuid(id)) || new Set(ids).size < ids.length) return null;
  return Object.assign(new LinkBatchDto(), body);
}

function isLife(value: unknown): boolean {
  return Number.isInteger(value) && Number(value) >= LINK_LIFE.min && Number(value) <= LINK_LIFE.max;
}
