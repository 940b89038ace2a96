import 'reflect-metadata';
import { CodedError, CommonErrors } from '#kernel';
import { describe, expect, it } from '@jest/globals';
import type { FieldError } from './error-family.js';
import {
  BooleanField,
  ChoiceField,
  IntegerField,
  ListField,
  ObjectField,
  PatternField,
  TextField,
  TextListField,
  TimeField,
} from './fields.decorator.js';
import { createValidationPipe, validationFailed } from './validation.pipe.js';

class Text {
  @TextField({ description: 'A text.', max: 3 })
  value: string;
}
class Pattern {
  @PatternField({ description: 'A word.', pattern: /^[a-z]+$/, says: 'must be lower case' })
  value: string;
}
class Whole {
  @IntegerField({ description: 'A number.', min: 1, max: 100 })
  value: number;
}
class Digits {
  @IntegerField({ description: 'A number.', min: 0, max: 100, query: true })
  value: number;
}
class Choice {
  @ChoiceField({ description: 'A word.', choices: ['a', 'b'] })
  value: string;
}
class List {
  @ListField({ description: 'Words.', choices: ['a', 'b', 'c'], max: 2 })
  value: string[];
}
class TextList {
  @TextListField({
    description: 'Short texts.',
    max: 3,
    accepts: (item) => item.length === 1,
    what: 'letters',
  })
  value: string[];
}
class Flag {
  @BooleanField({ description: 'Yes or no.' })
  value: boolean;
}
class Time {
  @TimeField({ description: 'A moment.' })
  value: string;
}
class Json {
  @ObjectField({ description: 'An object.' })
  value: Record<string, unknown>;
}
class Optional {
  @TextField({ description: 'A text.', max: 3, optional: true })
  plain?: string;

  @TextField({ description: 'A text.', max: 3, optional: true, nullable: true, example: 'abc' })
  nullable?: string | null;
}

type Dto = new () => object;

const EVERY: readonly Dto[] = [Text, Pattern, Whole, Digits, Choice, List, TextList, Flag, Time, Json];

async function check(metatype: Dto, value: unknown, unknownFields?: 'refuse' | 'drop'): Promise<unknown> {
  return await createValidationPipe(unknownFields).transform(value, { type: 'body', metatype });
}

async function errorsOf(metatype: Dto, value: unknown): Promise<FieldError[]> {
  try {
    await check(metatype, value);
  } catch (error) {
    if (error instanceof CodedError && error.kind === CommonErrors.invalid)
      return error.fields['errors'] as FieldError[];
    throw error;
  }
  return [];
}

const FAMILY = '👨‍👩‍👧';
const ACCEPTED: readonly [Dto, unknown][] = [
  [Text, 'a'],
  [Text, ' '],
  [Text, '日本語'],
  [Text, '📄📄📄'],
  [Text, 'a\n\t'],
  [Pattern, 'abc'],
  [Whole, 1],
  [Whole, 100],
  [Digits, 0],
  [Choice, 'a'],
  [List, ['a']],
  [List, ['b', 'a']],
  [TextList, ['x', 'y', 'z']],
  [Flag, true],
  [Flag, false],
  [Time, '2030-01-31T12:00:00Z'],
  [Time, '2030-01-31T12:00:00.123Z'],
  [Time, '2030-01-31T12:00:00+01:00'],
  [Time, '2028-02-29T23:59:59-11:30'],
  [Json, {}],
  [Json, { a: { b: [1, null, 'x'] } }],
];

const REFUSED: readonly [Dto, unknown][] = [
  [Text, ''],
  [Text, 'abcd'],
  [Text, '📄📄📄📄'],
  [Text, FAMILY],
  [Text, 'a\u0000'],
  [Text, '\ud800'],
  [Text, 7],
  [Text, true],
  [Text, ['a']],
  [Text, { toString: 'a' }],
  [Text, { length: 2 }],
  [Pattern, ''],
  [Pattern, 'ABC'],
  [Pattern, 'abc\n'],
  [Pattern, ['abc']],
  [Pattern, 7],
  [Whole, 0],
  [Whole, 101],
  [Whole, 1.5],
  [Whole, -1],
  [Whole, '5'],
  [Whole, Number.NaN],
  [Whole, Number.POSITIVE_INFINITY],
  [Whole, 1e21],
  [Whole, true],
  [Whole, [5]],
  [Choice, 'A'],
  [Choice, ''],
  [Choice, ['a']],
  [Choice, 'toString'],
  [List, []],
  [List, ['a', 'b', 'c']],
  [List, ['a', 'a']],
  [List, ['d']],
  [List, [7]],
  [List, ['a', null]],
  [List, 'a'],
  [List, { 0: 'a', length: 1 }],
  [TextList, []],
  [TextList, ['xy']],
  [TextList, ['x', 'x']],
  [TextList, [['x']]],
  [TextList, ['w', 'x', 'y', 'z']],
  [Flag, 'true'],
  [Flag, 'false'],
  [Flag, 0],
  [Flag, 1],
  [Flag, []],
  [Time, ''],
  [Time, 'now'],
  [Time, '2030'],
  [Time, '2030-01-31'],
  [Time, '2030-01-31T12:00:00'],
  [Time, '2030-02-30T12:00:00Z'],
  [Time, '2030-13-01T12:00:00Z'],
  [Time, '2030-W05-4T12:00:00Z'],
  [Time, '2030-031T12:00:00Z'],
  [Time, '2030-01-31T12Z'],
  [Time, 1_896_091_200],
  [Time, ['2030-01-31T12:00:00Z']],
  [Json, []],
  [Json, 'text'],
  [Json, 7],
  [Json, true],
];

describe('a field', () => {
  it.each(ACCEPTED)('of %p takes %j and hands it on as it came', async (metatype, value) => {
    await expect(check(metatype, { value })).resolves.toEqual({ value });
  });

  it.each(REFUSED)('IV-03, IV-09: of %p refuses %j', async (metatype, value) => {
    await expect(errorsOf(metatype, { value })).resolves.toEqual([
      { field: 'value', code: 'invalid', message: expect.any(String) },
    ]);
  });

  it.each(EVERY)('of %p says that it is missing when it is', async (metatype) => {
    for (const body of [{}, { value: undefined }])
      await expect(errorsOf(metatype, body)).resolves.toEqual([
        { field: 'value', code: 'missing', message: 'is required' },
      ]);
  });

  it.each(EVERY)('of %p takes null for a bad value and not for a missing one', async (metatype) => {
    await expect(errorsOf(metatype, { value: null })).resolves.toMatchObject([
      { field: 'value', code: 'invalid' },
    ]);
  });

  it('of a query reads digits as a number, and nothing else', async () => {
    for (const [text, value] of [
      ['0', 0],
      ['007', 7],
      ['100', 100],
    ] as const)
      await expect(check(Digits, { value: text })).resolves.toEqual({ value });
    for (const text of [
      '',
      ' ',
      ' 5',
      '5 ',
      '+5',
      '5.0',
      '1e1',
      '0x10',
      '٣',
      '-1',
      '101',
      'NaN',
      '9007199254740993',
      ['1', '2'],
    ])
      await expect(errorsOf(Digits, { value: text })).resolves.toMatchObject([{ code: 'invalid' }]);
  });

  it('that is optional may be absent, and null only when it says so', async () => {
    await expect(check(Optional, {})).resolves.toEqual({});
    await expect(check(Optional, { nullable: null })).resolves.toEqual({ nullable: null });
    await expect(errorsOf(Optional, { plain: null })).resolves.toMatchObject([
      { field: 'plain', code: 'invalid' },
    ]);
    await expect(errorsOf(Optional, { nullable: '' })).resolves.toMatchObject([
      { field: 'nullable', code: 'invalid' },
    ]);
  });

  it('IV-12: takes no time over a long text', async () => {
    const long = 'a'.repeat(100_000);
    const started = performance.now();
    for (const metatype of EVERY) await errorsOf(metatype, { value: long });
    expect(performance.now() - started).toBeLessThan(1_000);
  });
});

describe('createValidationPipe', () => {
  it.each([
    'extra',
    'Value',
    'constructor',
    'prototype',
    '__proto__',
    'toString',
    'hasOwnProperty',
    'isPrototypeOf',
    'propertyIsEnumerable',
    '__defineGetter__',
    '__lookupSetter__',
  ])('IV-01, IV-02: refuses the unknown field %p by its name', async (name) => {
    const body = JSON.parse(`{"value":"a",${JSON.stringify(name)}:{"polluted":true}}`) as object;
    await expect(errorsOf(Text, body)).resolves.toEqual([
      { field: name, code: 'unknown', message: 'is not a field of this operation' },
    ]);
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
  });

  it.each(['extra', 'constructor', '__proto__', 'hasOwnProperty', 'toString'])(
    'drops the unknown field %p unread where it is told to',
    async (name) => {
      const body = JSON.parse(`{"value":"a",${JSON.stringify(name)}:{"polluted":true}}`) as object;
      const dto = await check(Text, body, 'drop');
      expect(Object.keys(dto as object)).toEqual(['value']);
      expect(dto).toBeInstanceOf(Text);
      expect((dto as Record<string, unknown>)['polluted']).toBeUndefined();
    },
  );

  it('gives everybody who asks for nothing an object of their own, whatever became of the last one', async () => {
    const pipe = createValidationPipe();
    const ask = async (): Promise<Optional> =>
      (await pipe.transform({}, { type: 'query', metatype: Optional })) as Optional;
    const first = await ask();
    first.plain = 'changed';
    const second = await ask();
    expect(second).toBeInstanceOf(Optional);
    expect([first === second, second.plain]).toEqual([false, undefined]);
    await expect(pipe.transform({}, { type: 'query', metatype: Text })).rejects.toThrow('value');
    await expect(pipe.transform({}, { type: 'query', metatype: Text })).rejects.toThrow('value');
  });

  it('checks a query anew that differs from one that was good, and gives everybody an object of their own', async () => {
    const pipe = createValidationPipe();
    const ask = async (query: object): Promise<Digits> =>
      (await pipe.check(query, { type: 'query', metatype: Digits })) as Digits;
    const first = await ask({ value: '7' });
    first.value = 8;
    const second = await ask({ value: '7' });
    expect([second.value, second instanceof Digits]).toEqual([7, true]);
    expect((await ask({ value: '9' })).value).toBe(9);
    await expect(ask({ value: '101' })).rejects.toThrow(CodedError);
    await expect(ask({ value: '7', other: '1' })).rejects.toThrow(CodedError);
    await expect(ask({ value: ['7', '7'] })).rejects.toThrow(CodedError);
  });

  it('knows a bounded number of queries', async () => {
    const pipe = createValidationPipe();
    const ask = (value: number): unknown =>
      pipe.check({ value: `${value}` }, { type: 'query', metatype: Digits });
    for (let number = 0; number <= 100; number += 1) await ask(number);
    expect([ask(100), ask(0)].map((answer) => answer instanceof Promise)).toEqual([false, true]);
  });

  it('leaves a body alone whose type says nothing of its fields', async () => {
    const body = { anything: 1, hasOwnProperty: 2 };
    await expect(check(Object, body)).resolves.toBe(body);
  });

  it('names each field at fault once, and no value', async () => {
    const errors = await errorsOf(Optional, { plain: 'secret-1', nullable: 'secret-2', other: 'secret-3' });
    expect(errors.map(({ field }) => field).sort()).toEqual(['nullable', 'other', 'plain']);
    expect(JSON.stringify(errors)).not.toContain('secret');
  });
});

describe('validationFailed', () => {
  it('puts what is wrong into one sentence and into a list of 20 at most', () => {
    const errors = Array.from({ length: 50 }, (_, index): FieldError => ({
      field: `f${index}`,
      code: 'invalid',
      message: 'is bad',
    }));
    const error = validationFailed(errors);
    expect(error.kind).toBe(CommonErrors.invalid);
    expect(error.fields['errors']).toEqual(errors.slice(0, 20));
    expect(error.message).toMatch(/^f0: is bad; f1: is bad; .*; f19: is bad\.$/);
  });
});

describe('the OpenAPI description of a field', () => {
  const schemaOf = (metatype: Dto, field = 'value') =>
    Reflect.getMetadata('swagger/apiModelProperties', metatype.prototype as object, field) as Record<
      string,
      unknown
    >;

  it.each<[Dto, object]>([
    [Text, { type: 'string', minLength: 1, maxLength: 3 }],
    [Pattern, { type: 'string', pattern: '^[a-z]+$' }],
    [Whole, { type: 'integer', minimum: 1, maximum: 100 }],
    [Digits, { type: 'integer', minimum: 0, maximum: 100 }],
    [Choice, { type: 'string', enum: ['a', 'b'] }],
    [List, { type: 'array', minItems: 1, maxItems: 2, uniqueItems: true }],
    [TextList, { type: 'array', minItems: 1, maxItems: 3, uniqueItems: true }],
    [Flag, { type: 'boolean' }],
    [Time, { type: 'string', format: 'date-time' }],
    [Json, { type: 'object', additionalProperties: true }],
  ])('of %p says what the check checks', (metatype, schema) => {
    expect(schemaOf(metatype)).toMatchObject({ ...schema, description: expect.any(String) });
    expect(schemaOf(metatype)['required'] ?? true).toBe(true);
  });

  it('says whether it may be absent or null, and gives its example', () => {
    expect(schemaOf(Optional, 'plain')).toMatchObject({ required: false });
    expect(schemaOf(Optional, 'plain')).not.toHaveProperty('nullable');
    expect(schemaOf(Optional, 'nullable')).toMatchObject({ required: false, nullable: true, example: 'abc' });
  });
});
