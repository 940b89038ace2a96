import type { HandedOut } from '#http';

import type { Source } from './source.js';

/** What the audit log is told of an answer that hands out a source's content, or a URL for it. */
export function handedOut(
  { tenantId, subTenantId, sourceId }: Pick<Source, 'tenantId' | 'subTenantId' | 'sourceId'>,
  { action, link }: Pick<HandedOut, 'action' | 'link'> = {},
): HandedOut {
  if (action === undefined && link === undefined) return { tenantId, subTenantId, sourceId };
  return {
    tenantId,
    subTenantId,
    sourceId,
    ...(action === undefined ? {} : { action }),
    ...(link === undefined ? {} : { link }),
  };
}
