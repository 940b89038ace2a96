import { createValidationPipe } from '#http';
import type { MaybePromise } from '#kernel';

import { FetchRequestDto } from './fetch.dto.js';

const bodies = createValidationPipe('drop');
/** Text of which nobody could doubt that it is good: printable ASCII, not empty, far from too long. */
const PLAIN = /^[\x21-\x7e]{1,200}$/;
const TEXTS = new Set(['tenant_id', 'source_id', 'id', 'sub_tenant_id']);
const MODES = new Set<unknown>(['content', 'url', 'both']);

/** What a body of the fetch call asks for. Throws `validation_failed` with every field at fault; drops unknown fields. */
export function readFetchWish(body: unknown): MaybePromise<FetchRequestDto> {
  const checked = plainWish(body) ?? bodies.transform(body, { type: 'body', metatype: FetchRequestDto });
  return checked as MaybePromise<FetchRequestDto>;
}

/**
 * What nearly every body asks for, which is a handful of short texts: to see that takes a fraction of what the rules of the
 * DTO take to find the same. Null where it is anything else, for which the rules are there.
 */
export function plainWish(body: unknown): FetchRequestDto | null {
  if (typeof body !== 'object' || body === null || !('tenant_id' in body)) return null;
  const fields = body as Record<string, unknown>;
  for (const name in fields) {
    const value = fields[name];
    const isPlain = name === 'mode' ? MODES.has(value) : TEXTS.has(name) && isPlainText(value);
    if (!isPlain) return null;
  }
  return Object.assign(new FetchRequestDto(), body);
}

function isPlainText(value: unknown): boolean {
  return typeof value === 'string' && PLAIN.test(value);
}
