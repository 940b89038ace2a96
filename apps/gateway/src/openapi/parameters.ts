import type { ParameterObject } from './document-types.js';

type Described = Pick<ParameterObject, 'description' | 'example'>;

/** What the parameters of paths are, by name; they mean the same wherever they appear. */
const PATH_PARAMETERS: Readonly<Record<string, Described>> = {
  tenant_id: { description: 'Id of the tenant; upper and lower case differ.', example: 'acme' },
  sub_tenant_id: { description: 'Id of the sub-tenant within its tenant.', example: 'legal' },
  token_id: {
    description: 'Id of the token (not the token itself).',
    example: '0197c9a0-11aa-7b2c-9d3e-4f5a6b7c8d9e',
  },
  source_id: {
    description: 'UUID of the source, or the external id it was given, percent-encoded.',
    example: '0197c9a2-5b1e-7c3d-8f4a-2b6d9e0c1a57',
  },
  upload_id: {
    description: 'Id of the upload (not what is signed in a URL that takes its bytes).',
    example: '0197c9a2-5b1e-7c3d-8f4a-2b6d9e0c1a58',
  },
  upload: {
    description: 'The signed part of the URL, as it was handed out.',
    example: 'AgAAazN2OXgwcTJtN2Fi',
  },
  link_id: {
    description: 'Id of the link (not the one in its URL).',
    example: '0197c9a4-77de-7f10-a2b3-c4d5e6f70819',
  },
  key_id: {
    description: 'Number of the signing key.',
    example: '1',
  },
  link: {
    description: 'The signed part of the URL, as it was handed out.',
    example: 'AQIAAWszdjl4MHEybTdhYgGXyaJbHnw9',
  },
};

/** Describes a path parameter; what its operation says of it stays. */
export function describePathParameter(parameter: ParameterObject): void {
  if (parameter.in === 'path') Object.assign(parameter, { ...PATH_PARAMETERS[parameter.name], ...parameter });
}

/** The header by which a platform token names the tenant in the knowledge-base calls; `name` in any case. */
export function organizationHeader(name: string): ParameterObject {
  return {
    name: name.replace(/\b[a-z]/g, (letter) => letter.toUpperCase()),
    in: 'header',
    required: false,
    description: 'Tenant to act in, for a platform token; a tenant token implies its own.',
    schema: { type: 'string' },
  };
}
