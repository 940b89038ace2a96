/** Groups of operations, in the order of the page. */
export const TAGS: readonly (readonly [string, string])[] = [
  ['Tenants', 'Tenants and their sub-tenants.'],
  ['Tokens', 'Bearer tokens, and who the caller is.'],
  ['Sources', 'Stored files: upload, describe, read, replace, delete.'],
  ['Uploads', 'Files that are sent to URLs without a token, or in as many requests as it takes (tus).'],
  ['Links', 'URLs that need no token and can be taken back.'],
  ['Audit', 'What was done, by whom, and how it ended.'],
  ['Compatibility', 'Calls of other APIs, for clients written for them.'],
  ['Health', 'For load balancers and orchestrators.'],
];

/** What stands above the operations. Markdown. */
export const INTRODUCTION = `A multi-tenant storage gateway: it hands each tenant, sub-tenant and role exactly what it may have, bytes or a URL for exactly one object for a stated time.

**To try it here:**

1. Press *Authorize* and paste the platform's root token. It is in the file \`root-token\` of the gateway's data folder, or what \`GATEHOLD_ROOT_TOKEN\` says; the gateway names the place when it starts.
2. Under *Tenants*, create a tenant.
3. Under *Sources*, upload a file: choose it, and give the tenant's id in \`X-Tenant-Id\`.
4. Read it back, or make a link to it, by the \`source_id\` of the answer.

**Tenant.** The root token belongs to no tenant and names one with \`X-Tenant-Id\`. A tenant's own token, made under *Tokens*, implies its tenant. \`X-Sub-Tenant-Id\` chooses a sub-tenant; without it the default one is meant.

**Errors** are \`application/problem+json\` (RFC 9457) with a stable \`code\`; the compatibility calls have the error bodies of the APIs they are compatible with.`;

/**
 * Runs in the browser, as its source text: it may use nothing from here. The page sends every field of a form, also
 * those that were left empty, which would be an empty name and an empty id instead of none.
 */
export function withoutEmptyFields(request: { body?: unknown }): object {
  const form = request.body;
  if (form instanceof FormData)
    for (const [name, value] of [...form.entries()]) if (value === '') form.delete(name);
  return request;
}
