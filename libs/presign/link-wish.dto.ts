import { AddressRangesField } from '#auth';
import { ChoiceField, IntegerField, TextField, TimeField } from '#http';

import type { ManagedLinkWish } from './managed-link.service.js';

/** Shortest, longest and usual life of a URL, in seconds. */
export const LINK_LIFE = { min: 60, max: 604_800, usual: 3_600 } as const;

/** Body of `POST /v1/sources/{source_id}/links`. */
export class CreateLinkDto {
  @IntegerField({ description: 'Life in seconds.', ...LINK_LIFE, optional: true, example: 3600 })
  expires_in?: number;

  @TextField({
    description: "Name the file is saved under; the source's own when absent.",
    max: 1024,
    optional: true,
    nullable: true,
    example: 'report.pdf',
  })
  filename?: string | null;

  @ChoiceField({
    description: 'Active content is always an attachment.',
    choices: ['attachment', 'inline'],
    optional: true,
    example: 'attachment',
  })
  disposition?: 'attachment' | 'inline';

  @TimeField({
    description:
      'The link opens nothing before. Has to be before its end; its life counts from now all the same.',
    optional: true,
    nullable: true,
    example: '2030-01-31T12:00:00Z',
  })
  not_before?: string | null;

  @IntegerField({
    description: 'How many downloads it is good for; 1 makes it a one-time link. Any number when absent.',
    min: 1,
    max: 1_000_000,
    optional: true,
    nullable: true,
    example: 1,
  })
  max_downloads?: number | null;

  @AddressRangesField('Addresses or CIDR ranges that it can be opened from. Any when absent.')
  ip_ranges?: string[] | null;
}

/** What a body asks for, with what it leaves open filled in. */
export function toLinkWish(body: CreateLinkDto): ManagedLinkWish {
  return {
    expiresIn: body.expires_in ?? LINK_LIFE.usual,
    filename: body.filename ?? null,
    disposition: body.disposition ?? 'attachment',
    notBefore: body.not_before == null ? null : new Date(body.not_before),
    maxDownloads: body.max_downloads ?? null,
    ipRanges: body.ip_ranges ?? null,
  };
}

/** Requests to begin with; the first one is what the API page offers. */
export const CREATE_LINK_EXAMPLES = {
  hour: { summary: 'For an hour', value: { expires_in: 3600 } },
  named: {
    summary: 'For a day, shown in the browser, under another name',
    value: { expires_in: 86_400, disposition: 'inline', filename: 'Quarterly report.pdf' },
  },
  once: {
    summary: 'For one download, from one network',
    value: { expires_in: 86_400, max_downloads: 1, ip_ranges: ['127.0.0.0/8', '::1'] },
  },
};
