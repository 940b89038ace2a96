import type { OpenAPIObject } from '@nestjs/swagger';

import type { MediaTypeObject, SchemaOrReference } from './document-types.js';

type Schemas = Readonly<Record<string, SchemaOrReference>>;

/** Gives a body an example put together from those of its fields, unless it has one of its own. */
export function ensureExample(body: MediaTypeObject, document: OpenAPIObject): void {
  if (body.example !== undefined || body.examples !== undefined || body.schema === undefined) return;
  const example = exampleOf(body.schema, document.components?.schemas ?? {});
  if (example !== undefined) body.example = example;
}

/** Undefined when the schema does not say what a value looks like. */
function exampleOf(schema: SchemaOrReference, schemas: Schemas): unknown {
  if ('$ref' in schema) {
    const named = schemas[schema.$ref.slice('#/components/schemas/'.length)];
    return named === undefined ? undefined : exampleOf(named, schemas);
  }
  if (schema.example !== undefined) return schema.example;
  if (schema.type === 'array') {
    const item = schema.items === undefined ? undefined : exampleOf(schema.items, schemas);
    return item === undefined ? [] : [item];
  }
  if (schema.properties === undefined) return undefined;
  const fields = Object.entries(schema.properties).map(
    ([name, field]) => [name, exampleOf(field, schemas)] as const,
  );
  return Object.fromEntries(fields.filter(([, value]) => value !== undefined));
}
