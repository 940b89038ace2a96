import { ValidateBy } from 'class-validator';

import { characterCount, isStorableText } from './content/index.js';

/** A named check; the name is how the error report tells a missing field from a bad one. */
function check(name: string, holds: (value: unknown) => boolean, message: string): PropertyDecorator {
  return ValidateBy({ name, validator: { validate: holds, defaultMessage: () => message } });
}

/** The field is there, be its value good or bad. */
export function isPresent(): PropertyDecorator {
  return check('required', (value) => value !== undefined, 'is required');
}

/** Text of `min` to `max` code points that PostgreSQL can store. */
export function isText(min: number, max: number): PropertyDecorator {
  return check(
    'text',
    (value) =>
      typeof value === 'string' && isStorableText(value) && isBetween(characterCount(value), min, max),
    `must be text of ${min} to ${max} characters without NUL`,
  );
}

/** A moment that `Date` can read: ISO 8601 also has weeks, ordinal days and bare hours, which it cannot. */
export function isMoment(message: string): PropertyDecorator {
  return check('moment', (value) => typeof value === 'string' && !Number.isNaN(Date.parse(value)), message);
}

/** A list of 1 to `max` distinct texts that all satisfy `accepts`. */
export function isDistinctList(
  max: number,
  accepts: (item: string) => boolean,
  what: string,
): PropertyDecorator {
  return check(
    'list',
    (value) =>
      Array.isArray(value) &&
      isBetween(value.length, 1, max) &&
      new Set(value).size === value.length &&
      value.every((item) => typeof item === 'string' && accepts(item)),
    `must list 1 to ${max} distinct ${what}`,
  );
}

/** A list of 1 to `max` JSON objects that all satisfy `accepts`. */
export function isObjectList(
  max: number,
  accepts: (item: Readonly<Record<string, unknown>>) => boolean,
  what: string,
): PropertyDecorator {
  return check(
    'objects',
    (value) =>
      Array.isArray(value) &&
      isBetween(value.length, 1, max) &&
      value.every((item) => isJsonObject(item) && accepts(item)),
    `must list 1 to ${max} ${what}`,
  );
}

function isJsonObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isBetween(value: number, min: number, max: number): boolean {
  return value >= min && value <= max;
}
