import type { OpenAPIObject } from '@nestjs/swagger';

type Paths = OpenAPIObject['paths'];

/** One method of one path. */
export type OperationObject = NonNullable<Paths[string]['get']>;
/** A parameter written out; the document has no references to parameters. */
export type ParameterObject = Extract<NonNullable<OperationObject['parameters']>[number], { in: unknown }>;
/** An answer written out. */
export type ResponseObject = Extract<OperationObject['responses'][string], { description: unknown }>;
/** A schema or a reference to one. */
export type SchemaOrReference = NonNullable<NonNullable<OpenAPIObject['components']>['schemas']>[string];
/** What a body can be, by media type. */
export type MediaTypeObject = NonNullable<ResponseObject['content']>[string];

/** Every operation of a document with its method and path. */
export function operationsOf(
  document: OpenAPIObject,
): { path: string; method: string; operation: OperationObject }[] {
  return Object.entries(document.paths).flatMap(([path, item]) =>
    METHODS.flatMap((method) => {
      const operation = item[method];
      return operation === undefined ? [] : [{ path, method, operation }];
    }),
  );
}

const METHODS = ['get', 'head', 'post', 'put', 'patch', 'delete', 'options'] as const;
