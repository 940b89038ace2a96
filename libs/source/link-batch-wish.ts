import { createValidationPipe } from '#http';
import { andThen, type MaybePromise } from '#kernel';
import { LINK_LIFE } from '#presign';

import { LinkBatchDto, MAX_BATCH } from './link-batch.dto.js';
import { joinedUuids, NamedIds } from './named-ids.js';

const bodies = createValidationPipe();
const NAMES = new Set(['source_ids', 'expires_in']);

/** What URLs are asked for. */
export interface BatchWish {
  /** By UUID or external id. */
  readonly ids: NamedIds;
  /** Whole seconds of life. */
  readonly expiresIn: number;
}

/** What a body asks for. Throws `validation_failed` with every field at fault. */
export function readBatchWish(body: Record<string, unknown>): MaybePromise<BatchWish> {
  const checked = plainBatchWish(body) ?? bodies.check(body, { type: 'body', metatype: LinkBatchDto });
  return andThen(checked as MaybePromise<BatchWish | LinkBatchDto>, (wish) =>
    wish instanceof LinkBatchDto ? wishOf(new NamedIds(wish.source_ids), wish.expires_in) : wish,
  );
}

/**
 * What nearly every body asks for, which is URLs for UUIDs: to see that takes a fraction of what the rules of the DTO take to
 * find the same of a thousand. Null where it is anything else, for which the rules are there.
 */
export function plainBatchWish(body: Record<string, unknown>): BatchWish | null {
  const { source_ids: ids, expires_in: life } = body;
  if (!Object.keys(body).every((name) => NAMES.has(name))) return null;
  if (!Array.isArray(ids) || ids.length === 0 || ids.length > MAX_BATCH) return null;
  if (life !== undefined && !isLife(life)) return null;
  if (!isTexts(ids) || new Set(ids).size < ids.length) return null;
  const text = joinedUuids(ids);
  return text === null ? null : wishOf(new NamedIds(ids, text), life);
}

function wishOf(ids: NamedIds, expiresIn: number = LINK_LIFE.usual): BatchWish {
  return { ids, expiresIn };
}

function isTexts(values: readonly unknown[]): values is readonly string[] {
  return values.every((value) => typeof value === 'string');
}

function isLife(value: unknown): value is number {
  return Number.isInteger(value) && Number(value) >= LINK_LIFE.min && Number(value) <= LINK_LIFE.max;
}
