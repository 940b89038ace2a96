/** Groups of operations, in the order of the page. */
export const TAGS: readonly (readonly [string, string])[] = [
  ['Tenants', 'Tenants and their sub-tenants.'],
  ['Tokens', 'Bearer tokens, and who the caller is.'],
  ['Sources', 'Stored files: upload, describe, read, replace, delete.'],
  ['Links', 'URLs that need no token and can be taken back.'],
  ['Compatibility', 'Calls of other APIs, for clients written for them.'],
  ['Health', 'For load balancers and orchestrators.'],
];

/** What stands above the operations. Markdown. */
export const INTRODUCTION = `A multi-tenant storage gateway: it hands each tenant, sub-tenant and role exactly what it may have, bytes or a URL for exactly one object for a stated time.

**To try it here:** press *Authorize* and paste a token. The platform's own is in the file that the gateway names when it starts. Create a tenant, create a token for it, authorise with that one, and upload a file.

**Tenant.** A tenant's token implies its tenant. The platform's token names one with \`X-Tenant-Id\`. \`X-Sub-Tenant-Id\` chooses a sub-tenant; without it the default one is meant.

**Errors** are \`application/problem+json\` (RFC 9457) with a stable \`code\`; the compatibility calls have the error bodies of the APIs they are compatible with.`;

/** Takes away what has nothing to say here (a banner, the one server, links between operations) and lets long paths and tables fit a narrow window. */
export const UI_STYLE = `
.swagger-ui .topbar, .swagger-ui .servers-title, .swagger-ui .servers, .swagger-ui .response-col_links { display: none }
.swagger-ui .info { margin: 24px 0 }
.swagger-ui .info .markdown p { max-width: 80ch; line-height: 1.5 }
.swagger-ui .scheme-container { padding: 16px 0; margin-bottom: 8px }
.swagger-ui .opblock .opblock-summary-path { word-break: break-word }
.swagger-ui .parameter__empty_value_toggle { display: none }
@media (max-width: 640px) {
  .swagger-ui .parameters-col_name { width: 110px; word-break: break-word }
  .swagger-ui .btn-group, .swagger-ui .try-out { padding: 0 }
  .swagger-ui .try-out__btn { min-width: 0; margin-left: 8px; padding: 5px 12px }
  .swagger-ui table.responses-table { table-layout: fixed }
  .swagger-ui .response-col_status { width: 56px }
  .swagger-ui .responses-inner { padding: 12px }
  .swagger-ui .responses-inner table.headers { table-layout: fixed; overflow-wrap: anywhere }
  .swagger-ui .responses-inner select { max-width: 100% }
  .swagger-ui .microlight { word-break: break-all }
}
`;

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
