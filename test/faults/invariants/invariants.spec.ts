import { describe, expect, it } from '@jest/globals';

import { nameOf } from '../content/naming.js';
import { sha256 } from '../content/pattern.js';
import type { Entry } from '../ledger/entry.js';
import { History } from '../ledger/history.js';
import type { Evidence } from './invariant.js';
import { INVARIANTS } from './invariants.js';
import type { Observation, ReadBack, SourceRow, UploadRow } from './observation.js';

const OWNERS = [
  { code: 1, tenantId: 'acme', subTenantId: 'default' },
  { code: 2, tenantId: 'globex', subTenantId: 'default' },
];
const KEY = 'key-of-acme/object';
const DIGEST = sha256(Buffer.from('content of write 1'));

const ROW: SourceRow = {
  tenantId: 'acme',
  subTenantId: 'default',
  sourceId: 'id-1',
  externalId: 'slot-1',
  name: nameOf(1),
  status: 'available',
  contentType: 'text/plain',
  sizeBytes: 18,
  sha256: DIGEST,
  objectKey: KEY,
  version: 1,
};
const READ_BACK: ReadBack = {
  subject: '1/slot-1',
  gateway: 'G1',
  via: 'content',
  status: 200,
  why: '',
  sha256: DIGEST,
  expectedSha256: null,
  name: null,
  contentType: 'text/plain',
  ownerCodes: [1],
};
const UPLOAD: UploadRow = {
  tenantId: 'acme',
  state: 'receiving',
  objectKey: 'x',
  attemptKey: null,
  sourceId: null,
  name: null,
};
const WAITING = {
  ...ROW,
  sourceId: 'id-2',
  externalId: 'slot-2',
  status: 'pending',
  objectKey: null,
};
const SEEN: Observation = {
  began: 100_000,
  ended: 100_001,
  rows: [ROW],
  uploads: [],
  outboxKeys: [],
  crashes: [],
  objects: new Map([[KEY, { sizeBytes: 18, sha256: DIGEST }]]),
  leftovers: [],
  removedKeys: new Set(),
  final: true,
  readBacks: [READ_BACK],
  usage: [{ of: 'acme', stated: { objects: 1 }, counted: { objects: 1 } }],
  audited: new Map([['id-1', { written: 1, deleted: 0 }]]),
  revoked: [{ what: 'link', gateway: 'G1', status: 410 }],
  processes: {
    ended: [],
    descriptors: [{ gateway: 'G1', open: 40, before: 40 }],
    sessions: 20,
    mostSessions: 28,
    idleInTransaction: 0,
  },
  recovery: { recoveredMs: 0, drainedMs: 10 },
  leaks: [],
  logLines: 1,
};

/** Write 1 of slot-1 was acknowledged, with the row's id; write 2 was refused. */
const LINES: Entry[] = [intent(1), outcome(1, 'ok', 'id-1'), intent(2), outcome(2, 'refused', null)];

function intent(write: number, subject = '1/slot-1', digest = DIGEST): Entry {
  const effect = {
    write,
    sizeBytes: 18,
    sha256: write === 1 ? digest : `${write}`,
    name: nameOf(write),
    contentType: 'text/plain',
  };
  return { type: 'intent', op: write, client: 1, kind: 'put', subject, effect, guarded: false };
}

function outcome(op: number, result: 'ok' | 'refused', sourceId: string | null): Entry {
  const rest = { closed: true, status: 200, code: null, attempts: 1 };
  return { type: 'outcome', op, result, sourceId, ...rest };
}

function read(digest: string): Entry {
  const found = { sha256: digest, name: null };
  return { type: 'read', client: 1, subject: '1/slot-1', via: 'content', began: 45_000, found };
}

function evidence(seen: Partial<Observation> = {}, lines: readonly Entry[] = []): Evidence {
  const history = new History();
  for (const [index, line] of [...LINES, ...lines].entries())
    history.apply({ at: (index + 1) * 10_000, ...line });
  return { history, owners: OWNERS, seen: { ...SEEN, ...seen } };
}

function violationsOf(id: string, given: Evidence): readonly string[] {
  const invariant = INVARIANTS.find((one) => one.id === id);
  if (invariant === undefined) throw new Error(`There is no ${id}.`);
  return invariant.check(given).violations;
}

/** An object whose key says when it was made. */
const YOUNG_MADE = 1_795_904_755_882;
const YOUNG = new Map([
  ['key-of-acme/01a22443-d8aa-7d36-b855-fabb2bced2d6', { sizeBytes: 18, sha256: DIGEST }],
]);

describe('the invariants', () => {
  it('I4 lets a crash of the database take along the row of a write that had just begun', () => {
    const seen = { rows: [], objects: YOUNG, crashes: [YOUNG_MADE + 100], final: false };
    expect(violationsOf('I4', evidence(seen, []))).toEqual([]);
  });

  it.each(INVARIANTS.map(({ id, title }) => [id, title]))('%s holds where all is well (%s)', (id) => {
    expect(violationsOf(id, evidence({}, [read(DIGEST)]))).toEqual([]);
  });

  it('each look at something', () => {
    const given = evidence({}, [read(DIGEST)]);
    for (const invariant of INVARIANTS) expect(invariant.check(given).checks).toBeGreaterThan(0);
  });
});

const other = { ...ROW, sourceId: 'id-2' };
const broken: readonly [string, string, Partial<Observation>, Entry[], RegExp][] = [
  [
    'I1',
    'an acknowledged upload is gone',
    { rows: [], readBacks: [] },
    [],
    /slot-1 has nothing; possible: write 1/,
  ],
  ['I1', 'its bytes are others', { rows: [{ ...ROW, sha256: '00' }] }, [], /possible: write 1/],
  ['I1', 'its type is another', { rows: [{ ...ROW, contentType: 'image/png' }] }, [], /image\/png.*possible/],
  ['I1', 'its name is another', { rows: [{ ...ROW, name: nameOf(2) }] }, [], /write 2.*possible: write 1/],
  ['I1', 'it does not come back', { readBacks: [{ ...READ_BACK, status: 404 }] }, [], /404 instead of 200/],
  [
    'I1',
    'nothing comes back',
    { readBacks: [{ ...READ_BACK, status: null, why: 'ECONNRESET after 3 ms' }] },
    [],
    /nothing \(ECONNRESET after 3 ms\) instead of 200/,
  ],
  ['I1', 'other bytes come back', { readBacks: [{ ...READ_BACK, sha256: '00' }] }, [], /other bytes/],
  [
    'I1',
    'another part comes back',
    { readBacks: [{ ...READ_BACK, via: 'range', status: 206, sha256: '00', expectedSha256: '01' }] },
    [],
    /other bytes/,
  ],
  [
    'I1',
    'it comes back with another type',
    { readBacks: [{ ...READ_BACK, contentType: 'a/b' }] },
    [],
    /of type a\/b/,
  ],
  ['I1', 'it comes back with another name', { readBacks: [{ ...READ_BACK, name: 'x' }] }, [], /called "x"/],
  [
    'I1',
    'what is not there is answered',
    { readBacks: [{ ...READ_BACK, subject: '1/slot-2' }] },
    [],
    /there is none, and the answer is 200/,
  ],
  [
    'I1',
    'a source without content is answered with some',
    { rows: [ROW, WAITING], readBacks: [{ ...READ_BACK, subject: '1/slot-2' }] },
    [],
    /no content yet, and the answer is 200/,
  ],
  ['I2', 'a client saw what was refused', {}, [read('2')], /digest 2; possible: write 1/],
  [
    'I2',
    'a client saw nothing where something was',
    {},
    [{ ...read(''), found: null } as Entry],
    /was nothing/,
  ],
  ['I3', 'a row has no object', { objects: new Map() }, [], /has no object/],
  [
    'I3',
    'an object is shorter',
    { objects: new Map([[KEY, { sizeBytes: 17, sha256: DIGEST }]]) },
    [],
    /18 bytes/,
  ],
  [
    'I3',
    'an object has other bytes',
    { objects: new Map([[KEY, { sizeBytes: 18, sha256: '00' }]]) },
    [],
    /SHA-256/,
  ],
  ['I4', 'an object has no row', { rows: [] }, [], /no row names the object/],
  [
    'I4',
    'an object has no row, and its key is older than what a crash can take along',
    { rows: [], objects: YOUNG, crashes: [YOUNG_MADE + 2_001], final: false },
    [],
    /no row names/,
  ],
  [
    'I4',
    'an object has no row, and its key is younger than the crash',
    { rows: [], objects: YOUNG, crashes: [YOUNG_MADE - 1], final: false },
    [],
    /no row names/,
  ],
  [
    'I4',
    'an object that lost its row in a crash is still there at the end',
    { rows: [], objects: YOUNG, crashes: [YOUNG_MADE + 100] },
    [],
    /no row names/,
  ],
  ['I4', 'a temporary file is left', { leftovers: ['.tmp'] }, [], /left behind: .tmp/],
  ['I4', 'a dead upload is left', { uploads: [UPLOAD] }, [], /not swept/],
  [
    'I4',
    'a source waits for nobody',
    { rows: [ROW, WAITING], uploads: [{ ...UPLOAD, sourceId: 'id-2', state: 'ended' }] },
    [],
    /id-2 waits/,
  ],
  ['I4', 'a removal is left', { outboxKeys: ['x'] }, [], /not done/],
  ['I5', 'an object that is needed was removed', { removedKeys: new Set([KEY]) }, [], /was removed/],
  [
    'I6',
    'a row is filed under somebody else',
    { rows: [{ ...ROW, externalId: null, tenantId: 'globex' }] },
    [],
    /of 2 is 1/,
  ],
  [
    'I6',
    'bytes are somebody else’s',
    { readBacks: [{ ...READ_BACK, ownerCodes: [1, 2] }] },
    [],
    /bytes of 2/,
  ],
  [
    'I7',
    'something that was refused is there',
    { rows: [{ ...ROW, name: nameOf(2) }] },
    [],
    /write 2, which was refused/,
  ],
  [
    'I7',
    'usage is wrong',
    { usage: [{ of: 'acme', stated: { objects: 2 }, counted: { objects: 1 } }] },
    [],
    /objects 2 instead of 1/,
  ],
  ['I8', 'a source is there twice', { rows: [ROW, other] }, [], /is there 2 times/],
  [
    'I8',
    'a source has another id than was answered',
    { rows: [other] },
    [],
    /has the id id-2; id-1 was answered/,
  ],
  [
    'I9',
    'requests go on failing',
    { recovery: { recoveredMs: null, drainedMs: 0 } },
    [],
    /failed to the end/,
  ],
  ['I9', 'the outbox stays full', { recovery: { recoveredMs: 0, drainedMs: 61_000 } }, [], /for 61000 ms/],
  ['I9', 'a gateway ended', { processes: { ...SEEN.processes, ended: ['G2'] } }, [], /G2 ended by itself/],
  [
    'I9',
    'descriptors are lost',
    { processes: { ...SEEN.processes, descriptors: [{ gateway: 'G1', open: 400, before: 40 }] } },
    [],
    /400 descriptors/,
  ],
  ['I9', 'sessions are lost', { processes: { ...SEEN.processes, sessions: 29 } }, [], /29 sessions/],
  [
    'I9',
    'transactions are left open',
    { processes: { ...SEEN.processes, idleInTransaction: 1 } },
    [],
    /idle in a transaction/,
  ],
  [
    'I10',
    'what was revoked opens something',
    { revoked: [{ what: 'link', gateway: 'G1', status: 200 }] },
    [],
    /revoked link/,
  ],
  [
    'I11',
    'a write is not in the log',
    { audited: new Map() },
    [],
    /1 writes of id-1 were acknowledged, 0 are in/,
  ],
  [
    'I11',
    'the log has a write that did not come about',
    { audited: new Map([['id-1', { written: 2, deleted: 0 }]]) },
    [],
    /1 versions and 0 ends, and the log 2 writes/,
  ],
  ['I11', 'an end is not in the log', { rows: [] }, [], /id-1 is gone, and nothing/],
  ['I12', 'a secret is in a log', { leaks: ['root token'] }, [], /root token/],
];

describe('an invariant does not hold', () => {
  it.each(broken)('%s when %s', (id, _what, seen, lines, expected) => {
    expect(violationsOf(id, evidence(seen, lines)).join('\n')).toMatch(expected);
  });

  it('is tried for every one of them', () => {
    expect(new Set(broken.map(([id]) => id))).toEqual(new Set(INVARIANTS.map(({ id }) => id)));
  });
});

describe('what is not finished', () => {
  it('may be there before the end of a run', () => {
    const seen = { final: false, leftovers: ['.tmp'], uploads: [UPLOAD] };
    const objects = new Map([...SEEN.objects, ['x', { sizeBytes: 1, sha256: null }]]);
    expect(violationsOf('I4', evidence({ ...seen, objects }))).toEqual([]);
  });

  it('may be a source that waits, by the name of an upload that was refused', () => {
    const rows = [ROW, { ...WAITING, name: nameOf(2) }];
    const readBacks = [
      { ...READ_BACK, subject: '1/slot-2', status: 409 },
      { ...READ_BACK, subject: '1/slot-2', via: 'metadata' as const },
    ];
    const uploads = [{ ...UPLOAD, sourceId: 'id-2' }];
    const given = evidence({ rows, readBacks, uploads, final: false }, []);
    for (const id of ['I1', 'I4', 'I7']) expect(violationsOf(id, given)).toEqual([]);
  });

  it('may be what an unknown upload became, or not', () => {
    const unknown: Entry = { ...outcome(3, 'ok', null), result: 'unknown', closed: false } as Entry;
    const lines = [intent(3, '1/slot-3'), unknown];
    const row = { ...ROW, sourceId: 'id-3', externalId: 'slot-3', name: nameOf(3), sha256: '3' };
    expect(violationsOf('I1', evidence({}, lines))).toEqual([]);
    expect(violationsOf('I1', evidence({ rows: [ROW, row] }, lines))).toEqual([]);
    const half = { ...row, sizeBytes: 9 };
    expect(violationsOf('I1', evidence({ rows: [ROW, half] }, lines))).toHaveLength(1);
  });
});
