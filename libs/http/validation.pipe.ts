import { CodedError, CommonErrors, type MaybePromise } from '#kernel';
import { type ArgumentMetadata, ValidationPipe, type ValidationError } from '@nestjs/common';

import type { FieldError } from './error-family.js';
import { verbatimFields } from './verbatim-fields.js';

const MAX_REPORTED = 20;

/** How many queries of a kind are known to be good, and how long they are at most, in characters. */
const MOST_KNOWN = 64;
const LONGEST_KNOWN = 200;

/** Checks bodies, queries and paths against their DTO. Unknown fields are refused, or dropped unread. */
export function createValidationPipe(unknownFields: 'refuse' | 'drop' = 'refuse'): FieldPipe {
  return new FieldPipe({
    transform: true,
    whitelist: true,
    forbidNonWhitelisted: unknownFields === 'refuse',
    forbidUnknownValues: true,
    stopAtFirstError: true,
    validationError: { target: false, value: false },
    exceptionFactory: (errors) => validationFailed(flatten(errors)),
  });
}

/**
 * The library looks a field's rules up in a plain object, where names such as `hasOwnProperty` seem to have some, and
 * passes over `constructor`, `prototype` and `__proto__` in silence. They are unknown fields like any other.
 */
export class FieldPipe extends ValidationPipe {
  /** Queries that were found good, by their text: most that ask for anything ask for the same, and the rules say the same. */
  readonly #good = new WeakMap<object, Map<string, object>>();

  override async transform(value: unknown, metadata: ArgumentMetadata): Promise<unknown> {
    return await this.check(value, metadata);
  }

  /** As `transform`; at once for a query that was good before. */
  check(value: unknown, metadata: ArgumentMetadata): MaybePromise<unknown> {
    if (typeof value !== 'object' || value === null || !this.toValidate(metadata))
      return super.transform(value, metadata) as Promise<unknown>;
    const { metatype } = metadata;
    if (metadata.type !== 'query' || metatype === undefined) return this.#check(value, metadata);
    const text = JSON.stringify(value);
    if (text.length > LONGEST_KNOWN) return this.#check(value, metadata);
    const known = this.#good.get(metatype)?.get(text);
    return known === undefined ? this.#checkAndNote(value, metadata, metatype, text) : another(known);
  }

  async #checkAndNote(
    value: object,
    metadata: ArgumentMetadata,
    metatype: object,
    text: string,
  ): Promise<object> {
    const checked = await this.#check(value, metadata);
    const good = this.#good.get(metatype) ?? new Map<string, object>();
    if (good.size >= MOST_KNOWN) good.clear();
    // Each caller has one of its own, which it may change; what is in it is shared, so that it must be unchangeable.
    if (Object.values(checked).every((field) => typeof field !== 'object')) good.set(text, another(checked));
    this.#good.set(metatype, good);
    return checked;
  }

  async #check(value: object, metadata: ArgumentMetadata): Promise<object> {
    const names = Object.keys(value).filter((name) => name in Object.prototype || name === 'prototype');
    if (names.length > 0 && this.validatorOptions.forbidNonWhitelisted === true)
      throw validationFailed(names.map((field) => ({ field, ...UNKNOWN })));
    const verbatim = verbatimFields(metadata.metatype, value);
    const known = Object.entries(value)
      .filter(([name]) => !names.includes(name))
      .map(([name, given]) => [name, name in verbatim ? {} : (given as unknown)]);
    const entity: unknown = await super.transform(Object.fromEntries(known), metadata);
    return Object.assign(entity as object, verbatim);
  }
}

function another(known: object): object {
  return Object.assign(Object.create(Object.getPrototypeOf(known) as object) as object, known);
}

const UNKNOWN = { code: 'unknown', message: 'is not a field of this operation' } as const;

/** The 422 that names every field at fault, and no value. */
export function validationFailed(errors: readonly FieldError[]): CodedError {
  const reported = errors.slice(0, MAX_REPORTED);
  const message = reported.map(({ field, message }) => `${field}: ${message}`).join('; ');
  return new CodedError(CommonErrors.invalid, `${message}.`, { fields: { errors: reported } });
}

function flatten(errors: readonly ValidationError[], parent = ''): FieldError[] {
  return errors.flatMap((error) => {
    const field = `${parent}${parent === '' ? '' : '.'}${error.property.slice(0, 100)}`;
    const own = Object.entries(error.constraints ?? {}).map(([constraint, message]) =>
      toFieldError(field, error.property, constraint, message),
    );
    return [...own, ...flatten(error.children ?? [], field)];
  });
}

function toFieldError(field: string, property: string, constraint: string, message: string): FieldError {
  if (constraint === 'whitelistValidation') return { field, ...UNKNOWN };
  const text = message.startsWith(`${property} `) ? message.slice(property.length + 1) : message;
  return { field, code: constraint === 'required' ? 'missing' : 'invalid', message: text };
}
