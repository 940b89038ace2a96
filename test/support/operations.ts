import type { Api, Json } from './api.js';

/** What an operation reads as its body, as the description says it. */
export type BodyKind = 'json' | 'multipart' | 'raw' | 'none';

/** One operation of a running gateway, as its own description names it. */
export interface Operation {
  readonly method: string;
  /** With names in braces, as in `/v1/sources/{source_id}`. */
  readonly path: string;
  /** Any one of these is enough; empty: none is asked for. */
  readonly scopes: readonly string[];
  /** Whether a token is asked for. */
  readonly secured: boolean;
  readonly body: BodyKind;
}

const KINDS: Readonly<Record<string, BodyKind>> = {
  'application/json': 'json',
  'multipart/form-data': 'multipart',
  'application/octet-stream': 'raw',
  'application/offset+octet-stream': 'raw',
};

/** Every operation that a gateway describes in `/openapi.json`. Throws when there are none. */
export async function readOperations(caller: Api): Promise<Operation[]> {
  const { paths } = (await caller.get('/openapi.json')).json as { paths: Record<string, Json> };
  const operations = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods as Record<string, Json>).map(([method, page]): Operation => {
      const [type = ''] = Object.keys((page.requestBody?.content as object | undefined) ?? {});
      return {
        method: method.toUpperCase(),
        path,
        scopes: page['x-required-scopes'] as string[],
        secured: page.security?.length > 0,
        body: KINDS[type] ?? 'none',
      };
    }),
  );
  if (operations.length === 0) throw new Error('The gateway describes no operation.');
  return operations;
}

/** A target for a described path: every name in braces gets its value. Throws for a name without one. */
export function fillPath(path: string, values: Readonly<Record<string, string>>): string {
  return path.replaceAll(/\{(\w+)\}/g, (_, name: string) => {
    const value = values[name];
    if (value === undefined) throw new Error(`No value for {${name}} of ${path}.`);
    return value;
  });
}

/** The stable name of an error in the shape of whichever family it has; null for an answer without one. */
export function errorCodeOf(body: string): string | null {
  if (!body.startsWith('{')) return null;
  const { code, detail } = JSON.parse(body);
  return (code ?? detail?.error_code ?? (typeof detail === 'string' ? detail : null)) as string | null;
}
