import { ObjectField, validationFailed, type FieldError } from '#http';
import { ROUTE_CLASSES, type Limits, type Rate } from '#kernel';
import { applyDecorators } from '@nestjs/common';
import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';

/** The most requests a second, and at once. */
const MOST_REQUESTS = 100_000;
const MOST_TRANSFERS = 100_000;

const COUNT = { type: 'integer' as const, minimum: 1 };
const RATE = {
  type: 'object' as const,
  nullable: true,
  additionalProperties: false,
  required: ['per_second', 'burst'],
  properties: {
    per_second: { ...COUNT, maximum: MOST_REQUESTS, description: 'Requests a second, in the long run.' },
    burst: {
      ...COUNT,
      maximum: MOST_REQUESTS,
      description: 'Requests at one moment, after a while without.',
    },
  },
};
const SCHEMA = {
  type: 'object' as const,
  nullable: true,
  additionalProperties: false,
  properties: {
    read: { ...RATE, description: 'Calls that change nothing and carry no file.' },
    write: { ...RATE, description: 'Calls that change something and carry no file.' },
    content: { ...RATE, description: 'Calls that may carry a file, in either direction; links included.' },
    concurrent_transfers: {
      ...COUNT,
      maximum: MOST_TRANSFERS,
      nullable: true,
      description: 'Of `content` at once.',
    },
    egress_bytes_per_day: {
      ...COUNT,
      maximum: Number.MAX_SAFE_INTEGER,
      nullable: true,
      description: 'Bytes of files that the gateway sends in a day (UTC).',
    },
  },
};
const EXAMPLE = { read: { per_second: 50, burst: 100 }, concurrent_transfers: 10 };

/** Limits in a body, as they come: to be read by {@link parseLimits}. */
export function LimitsField(description: string): PropertyDecorator {
  return applyDecorators(
    ObjectField({ description, optional: true, nullable: true }),
    ApiPropertyOptional({ ...SCHEMA, description, example: EXAMPLE }),
  );
}

/** Limits in an answer. */
export interface LimitsDto {
  readonly read: RateDto | null;
  readonly write: RateDto | null;
  readonly content: RateDto | null;
  readonly concurrent_transfers: number | null;
  readonly egress_bytes_per_day: number | null;
}

interface RateDto {
  readonly per_second: number;
  readonly burst: number;
}

/** Documents limits in an answer. */
export function ApiLimits(): PropertyDecorator {
  return ApiProperty({ ...SCHEMA, description: 'Null: none.', example: null });
}

/** Renders limits. */
export function toLimitsDto(limits: Limits | null): LimitsDto | null {
  if (limits === null) return null;
  return {
    read: toRateDto(limits.read),
    write: toRateDto(limits.write),
    content: toRateDto(limits.content),
    concurrent_transfers: limits.concurrentTransfers,
    egress_bytes_per_day: limits.egressBytesPerDay,
  };
}

function toRateDto(rate: Rate | null): RateDto | null {
  return rate === null ? null : { per_second: rate.perSecond, burst: rate.burst };
}

const NUMBERS: Readonly<Record<string, readonly ['concurrentTransfers' | 'egressBytesPerDay', number]>> = {
  concurrent_transfers: ['concurrentTransfers', MOST_TRANSFERS],
  egress_bytes_per_day: ['egressBytesPerDay', Number.MAX_SAFE_INTEGER],
};

/** Reads limits that a body has: what is absent is left as it is, null takes a limit away. Throws `validation_failed`. */
export function parseLimits(body: object): Partial<Limits> {
  const errors: FieldError[] = [];
  const entries = Object.entries(body).flatMap(([name, value]: [string, unknown]): [string, unknown][] => {
    const field = `limits.${name.slice(0, 100)}`;
    const number = Object.hasOwn(NUMBERS, name) ? NUMBERS[name] : undefined;
    if (number !== undefined) return [[number[0], parseCount(field, value, number[1], errors)]];
    if (ROUTE_CLASSES.some((known) => known === name)) return [[name, parseRate(field, value, errors)]];
    errors.push({ field, code: 'unknown', message: 'is not a field of this operation' });
    return [];
  });
  if (errors.length > 0) throw validationFailed(errors);
  return Object.fromEntries(entries);
}

function parseRate(field: string, value: unknown, errors: FieldError[]): Rate | null {
  if (value === null) return null;
  if (typeof value !== 'object' || Array.isArray(value)) {
    errors.push({ field, code: 'invalid', message: 'must be a JSON object' });
    return null;
  }
  const { per_second: perSecond, burst, ...more } = value as Record<string, unknown>;
  for (const name of Object.keys(more))
    errors.push({
      field: `${field}.${name.slice(0, 100)}`,
      code: 'unknown',
      message: 'is not a field of this operation',
    });
  return {
    perSecond: parseCount(`${field}.per_second`, perSecond ?? undefined, MOST_REQUESTS, errors) ?? 0,
    burst: parseCount(`${field}.burst`, burst ?? undefined, MOST_REQUESTS, errors) ?? 0,
  };
}

function parseCount(field: string, value: unknown, most: number, errors: FieldError[]): number | null {
  if (value === null) return null;
  if (value === undefined) errors.push({ field, code: 'missing', message: 'is required' });
  else if (!Number.isSafeInteger(value) || (value as number) < 1 || (value as number) > most)
    errors.push({ field, code: 'invalid', message: `must be a whole number from 1 to ${most}` });
  return value as number;
}
