import { ChoiceField, PageQuery, UuidField } from '#http';

import { LINK_STATUSES, type LinkStatus } from './link.store.js';

const SOURCE = {
  description: 'Links to this source (its UUID).',
  optional: true,
} as const;
const TOKEN = { ...SOURCE, description: 'Links issued by this token.' } as const;

/** Query of `GET /v1/links`. */
export class LinkListQuery extends PageQuery {
  @UuidField(SOURCE)
  source_id?: string;

  @UuidField(TOKEN)
  token_id?: string;

  @ChoiceField({
    description: '`live` when absent.',
    choices: LINK_STATUSES,
    optional: true,
    example: 'live',
  })
  status?: LinkStatus;
}

/** Query of `DELETE /v1/links`. */
export class LinkSelectionQuery {
  @UuidField(SOURCE)
  source_id?: string;

  @UuidField(TOKEN)
  token_id?: string;

  @ChoiceField({
    description: 'All links of the sub-tenant. Not beside a filter.',
    choices: ['true', 'false'],
    optional: true,
    example: 'true',
  })
  all?: 'true' | 'false';
}
