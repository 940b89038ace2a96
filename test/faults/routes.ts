/** The part of an OpenAPI document that says which calls there are. */
interface Described {
  readonly paths: Readonly<Record<string, Readonly<Record<string, DescribedCall>>>>;
}

interface DescribedCall {
  readonly parameters?: readonly { readonly in: string; readonly name: string }[];
}

/**
 * What a gateway says that it can do: its calls, as `POST /v1/sources`, and the headers of each, as `POST /v1/sources
 * idempotency-key`. Operations that need one that is not there are left out.
 */
export async function readRoutes(base: string): Promise<Set<string>> {
  const response = await fetch(`${base}/openapi.json`);
  const { paths } = (await response.json()) as Described;
  const routes = new Set<string>();
  for (const [path, calls] of Object.entries(paths))
    for (const [method, { parameters = [] }] of Object.entries(calls)) {
      const call = `${method.toUpperCase()} ${path}`;
      routes.add(call);
      for (const parameter of parameters)
        if (parameter.in === 'header') routes.add(`${call} ${parameter.name.toLowerCase()}`);
    }
  return routes;
}
