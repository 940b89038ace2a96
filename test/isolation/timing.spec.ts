import { beforeAll, describe, expect, it, jest } from '@jest/globals';
import { randomUUID } from 'node:crypto';

import { freshId, makeTenant, type TestTenant } from '../support/api.js';
import { makeVictim, type Victim } from '../support/isolation.js';
import { timePairs, type TimedRequest } from '../support/paired-times.js';
import { sharedGateway } from '../support/shared-gateway.js';

jest.setTimeout(180_000);

const { root, url } = sharedGateway();
const LIMIT_MS = 5;

let victim: Victim;
let attacker: TestTenant;

beforeAll(async () => {
  [victim, attacker] = await Promise.all([makeVictim(root), makeTenant(root)]);
});

/** How the other tenant asks for an id, with its most powerful token. */
type Asking = (id: string) => Omit<TimedRequest, 'token'>;

const fetchCall: Asking = (id) => ({
  method: 'POST',
  path: '/fetch/fetch-source-content',
  json: { tenant_id: attacker.id, source_id: id, mode: 'both' },
});

const CALLS: { what: string; pairs: number; foreign: () => string; random: () => string; ask: Asking }[] = [
  {
    what: 'a source’s metadata',
    pairs: 2000,
    foreign: () => victim.sourceId,
    random: randomUUID,
    ask: (id) => ({ path: `/v1/sources/${id}` }),
  },
  {
    what: 'the fetch call',
    pairs: 2000,
    foreign: () => victim.externalId,
    random: () => freshId('secret'),
    ask: fetchCall,
  },
  {
    what: 'a source’s content',
    pairs: 2000,
    foreign: () => victim.externalId,
    random: () => freshId('secret'),
    ask: (id) => ({ path: `/v1/sources/${id}/content` }),
  },
  {
    what: 'the knowledge-base call',
    pairs: 2000,
    foreign: () => victim.sourceId,
    random: randomUUID,
    ask: (id) => ({ path: `/knowledge-base/sources/${id}/download` }),
  },
  {
    what: 'a new link',
    pairs: 2000,
    foreign: () => victim.sourceId,
    random: randomUUID,
    ask: (id) => ({ method: 'POST', path: `/v1/sources/${id}/links`, json: {} }),
  },
  {
    what: 'a source’s removal',
    pairs: 2000,
    foreign: () => victim.sourceId,
    random: randomUUID,
    ask: (id) => ({ method: 'DELETE', path: `/v1/sources/${id}` }),
  },
  {
    what: 'a token',
    pairs: 2000,
    foreign: () => victim.tokenId,
    random: randomUUID,
    ask: (id) => ({ path: `/v1/tenants/${attacker.id}/tokens/${id}` }),
  },
  {
    what: 'a tenant',
    pairs: 2000,
    foreign: () => victim.tenant.id,
    random: () => freshId('t'),
    ask: (id) => ({ path: `/v1/tenants/${id}` }),
  },
];

describe('AZ-08: another tenant’s id takes as long as one that does not exist', () => {
  it.each(CALLS)('in $pairs pairs, for $what', async ({ pairs, foreign, random, ask }) => {
    const { token } = attacker.admin;
    const { difference, statuses, connections } = await timePairs(
      url,
      pairs,
      () => ({ ...ask(foreign()), token }),
      () => ({ ...ask(random()), token }),
    );
    expect({ statuses, connections }).toEqual({ statuses: [404], connections: 1 });
    expect(Math.abs(difference)).toBeLessThan(LIMIT_MS);
  });
});
