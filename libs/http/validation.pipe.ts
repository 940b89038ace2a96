import { CodedError, CommonErrors } from '#kernel';
import { ValidationPipe, type ValidationError } from '@nestjs/common';

import type { FieldError } from './error-family.js';

const MAX_REPORTED = 20;

/** Checks bodies, queries and paths against their DTO. Unknown fields are refused, or dropped unread. */
export function createValidationPipe(unknownFields: 'refuse' | 'drop' = 'refuse'): ValidationPipe {
  return new ValidationPipe({
    transform: true,
    whitelist: true,
    forbidNonWhitelisted: unknownFields === 'refuse',
    forbidUnknownValues: true,
    stopAtFirstError: true,
    validationError: { target: false, value: false },
    exceptionFactory: (errors) => validationFailed(flatten(errors)),
  });
}

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
  if (constraint === 'whitelistValidation')
    return { field, code: 'unknown', message: 'is not a field of this operation' };
  const text = message.startsWith(`${property} `) ? message.slice(property.length + 1) : message;
  return { field, code: constraint === 'required' ? 'missing' : 'invalid', message: text };
}
