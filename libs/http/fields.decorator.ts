import { applyDecorators } from '@nestjs/common';
import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { Expose, Transform } from 'class-transformer';
import {
  IsBoolean,
  IsIn,
  IsInt,
  IsISO8601,
  IsObject,
  IsOptional,
  IsString,
  Matches,
  Max,
  Min,
  ValidateIf,
} from 'class-validator';

import { markVerbatim } from './verbatim-fields.js';
import { isDistinctList, isMoment, isObjectList, isPresent, isText } from './field-checks.js';

const UUID = /^[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$/;

/** What all fields have: whether they must be there, and how they are documented. */
export interface FieldOptions {
  readonly description: string;
  readonly example?: unknown;
  /** Fields are required unless this says otherwise. */
  readonly optional?: boolean;
  /** `null` is taken and means the same as absent. */
  readonly nullable?: boolean;
}

/** Any Unicode text of `min` to `max` characters (code points), stored as given. */
export function TextField(options: FieldOptions & { min?: number; max: number }): PropertyDecorator {
  const { min = 1, max } = options;
  return field(options, { type: 'string', minLength: min, maxLength: max }, isText(min, max));
}

/** Text of a fixed shape. `says` completes the sentence "<field> …" in the error. */
export function PatternField(options: FieldOptions & { pattern: RegExp; says: string }): PropertyDecorator {
  const check = Matches(options.pattern, { message: options.says });
  return field(
    options,
    { type: 'string', pattern: options.pattern.source },
    IsString({ message: 'must be text' }),
    check,
  );
}

/** A UUID in its usual form (RFC 9562 §4), in either case. */
export function UuidField(options: FieldOptions): PropertyDecorator {
  return PatternField({ ...options, pattern: UUID, says: 'must be a UUID' });
}

/** A whole number. In a query, digits are read as one. */
export function IntegerField(
  options: FieldOptions & { min: number; max: number; query?: boolean },
): PropertyDecorator {
  const { min, max } = options;
  const message = `must be a whole number from ${min} to ${max}`;
  const checks = [IsInt({ message }), Min(min, { message }), Max(max, { message })];
  if (options.query === true) checks.push(Transform(({ value }) => readDigits(value)));
  return field(options, { type: 'integer', minimum: min, maximum: max }, ...checks);
}

/** Nothing but digits is a number here: `Number` would also read `0x3C`, `6e1` and blanks as one. */
function readDigits(value: unknown): unknown {
  return typeof value === 'string' && /^-?\d{1,15}$/.test(value) ? Number(value) : value;
}

/** One of a few words. */
export function ChoiceField(options: FieldOptions & { choices: readonly string[] }): PropertyDecorator {
  const message = `must be one of ${options.choices.join(', ')}`;
  return field(
    options,
    { type: 'string', enum: [...options.choices] },
    IsIn([...options.choices], { message }),
  );
}

/** A list of distinct words out of a set. */
export function ListField(
  options: FieldOptions & { max: number; choices: readonly string[] },
): PropertyDecorator {
  const { max, choices } = options;
  const items = { type: 'string', enum: [...choices] };
  const check = isDistinctList(max, (item) => choices.includes(item), `of ${choices.join(', ')}`);
  return field(options, { type: 'array', items, minItems: 1, maxItems: max, uniqueItems: true }, check);
}

/** A list of distinct texts that satisfy `accepts`; `what` names them in the error. */
export function TextListField(
  options: FieldOptions & { max: number; accepts: (item: string) => boolean; what: string },
): PropertyDecorator {
  const { max, accepts, what } = options;
  const schema = { type: 'array', items: { type: 'string' }, minItems: 1, maxItems: max, uniqueItems: true };
  return field(options, schema, isDistinctList(max, accepts, what));
}

/** A list of objects that satisfy `accepts`; `what` names them in the error, `properties` describes them. */
export function ObjectListField(
  options: FieldOptions & {
    max: number;
    accepts: (item: Readonly<Record<string, unknown>>) => boolean;
    what: string;
    properties: object;
    required: readonly string[];
  },
): PropertyDecorator {
  const { max, accepts, what, properties, required } = options;
  const items = { type: 'object', properties, required, additionalProperties: false };
  const schema = { type: 'array', items, minItems: 1, maxItems: max };
  return field(options, schema, isObjectList(max, accepts, what));
}

/** True or false, and nothing that merely looks like it. */
export function BooleanField(options: FieldOptions): PropertyDecorator {
  return field(options, { type: 'boolean' }, IsBoolean({ message: 'must be true or false' }));
}

/** A moment, as ISO 8601 with a time zone. */
export function TimeField(options: FieldOptions): PropertyDecorator {
  const message = 'must be a date and time with its zone, such as 2030-01-31T12:00:00Z';
  const zone = Matches(/T.*(?:Z|[+-]\d{2}:?\d{2})$/i, { message });
  return field(
    options,
    { type: 'string', format: 'date-time' },
    IsISO8601({ strict: true }, { message }),
    zone,
    isMoment(message),
  );
}

/** A JSON object of the caller's own, kept as given. Its size and depth are checked where it is stored. */
export function ObjectField(options: FieldOptions): PropertyDecorator {
  return field(
    options,
    { type: 'object', additionalProperties: true },
    markVerbatim,
    IsObject({ message: 'must be a JSON object' }),
  );
}

function field(options: FieldOptions, schema: object, ...checks: PropertyDecorator[]): PropertyDecorator {
  const documented = { description: options.description, ...schema, ...extras(options) };
  return applyDecorators(
    Expose(),
    options.optional === true ? ApiPropertyOptional(documented) : ApiProperty(documented),
    presence(options),
    ...checks,
  );
}

function extras(options: FieldOptions): object {
  return {
    ...(options.example === undefined ? {} : { example: options.example }),
    ...(options.nullable === true ? { nullable: true } : {}),
  };
}

/** Absent is not the same as null: a null where none is taken is a bad value, not a missing one. */
function presence(options: FieldOptions): PropertyDecorator {
  if (options.optional !== true) return isPresent();
  return options.nullable === true ? IsOptional() : ValidateIf((_object, value) => value !== undefined);
}
