import { describe, expect, it } from '@jest/globals';

import type { Entry, OutcomeEntry, Result } from './entry.js';
import { History } from './history.js';

const SUBJECT = '1/slot-1';

/** A ledger told line by line; line N is written at N. */
class Told {
  readonly history = new History();
  #at = 0;

  say(entry: Entry): this {
    this.#at += 1;
    this.history.apply({ at: this.#at, ...entry });
    return this;
  }

  /** Begins to write version `op`, or to delete when `deletes`. */
  intent(op: number, { deletes = false, guarded = false } = {}): this {
    const version = {
      write: op,
      sizeBytes: 1,
      sha256: `digest ${op}`,
      name: `${op}`,
      contentType: 'text/plain',
    };
    const effect = deletes ? null : version;
    return this.say({ type: 'intent', op, client: 1, kind: 'put', subject: SUBJECT, effect, guarded });
  }

  outcome(op: number, result: Result, more: Partial<OutcomeEntry> = {}): this {
    const closed = result !== 'unknown';
    const rest = { status: 200, code: null, attempts: 1, sourceId: null };
    return this.say({ type: 'outcome', op, result, closed, ...rest, ...more });
  }

  /** The writes that a look at this moment may find; null for nothing. */
  possible(from = this.#at + 0.5, staleMs = 0): (number | null)[] {
    return this.history
      .possible(SUBJECT, from, this.#at + 0.5, staleMs)
      .map((version) => version?.write ?? null);
  }
}

describe('History', () => {
  it('knows of nothing at first', () => {
    expect(new Told().possible()).toEqual([null]);
  });

  it('expects what was acknowledged, and nothing that was before', () => {
    expect(new Told().intent(1).outcome(1, 'ok').possible()).toEqual([1]);
    const replaced = new Told().intent(1).outcome(1, 'ok').intent(2).outcome(2, 'ok');
    expect(replaced.possible()).toEqual([2]);
    expect(replaced.intent(3, { deletes: true }).outcome(3, 'ok').possible()).toEqual([null]);
  });

  it('takes what is under way, and what nobody knows the end of, for possible beside what was before', () => {
    const told = new Told().intent(1).outcome(1, 'ok').intent(2);
    expect(told.possible()).toEqual([1, 2]);
    expect(told.outcome(2, 'unknown').possible()).toEqual([1, 2]);
    // It may still happen, after whatever comes.
    expect(told.intent(3).outcome(3, 'ok').possible()).toEqual([2, 3]);
  });

  it('never expects what was refused', () => {
    expect(new Told().intent(1).outcome(1, 'ok').intent(2).outcome(2, 'refused').possible()).toEqual([1]);
    expect(new Told().intent(2).outcome(2, 'refused').history.refusedWrites).toEqual(new Set([2]));
  });

  it('takes either of two that overlapped for the last one', () => {
    expect(
      new Told().intent(1).intent(2).outcome(1, 'ok').outcome(2, 'ok').possible().filter(Number),
    ).toEqual([1, 2]);
  });

  it('expects what was there when a look began, also when it is over afterwards', () => {
    const told = new Told().intent(1).outcome(1, 'ok').intent(2).outcome(2, 'ok');
    expect(told.possible(2.5)).toEqual([1, 2]);
    expect(told.possible(4.5)).toEqual([2]);
    expect(told.possible(4.5, 1)).toEqual([1, 2]);
  });

  it('leaves a change open whose first attempt may still be under way', () => {
    const told = new Told().intent(1).outcome(1, 'ok', { closed: false }).intent(2).outcome(2, 'ok');
    expect(told.possible()).toEqual([1, 2]);
  });

  it('takes a change that was sent again for possible again, unless a key or a condition guards it', () => {
    const open = new Told().intent(1).outcome(1, 'ok').intent(2).outcome(2, 'ok');
    expect(open.say({ type: 'reopened', op: 1 }).possible()).toEqual([1, 2]);
    const guarded = new Told().intent(1, { guarded: true }).outcome(1, 'ok').intent(2).outcome(2, 'ok');
    expect(guarded.say({ type: 'reopened', op: 1 }).possible()).toEqual([2]);
  });

  it('takes a refused change that was sent again for possible', () => {
    const before = new Told().intent(1).say({ type: 'reopened', op: 1 }).outcome(1, 'refused');
    expect(before.possible()).toEqual([null, 1]);
    const after = new Told().intent(1).outcome(1, 'refused').say({ type: 'reopened', op: 1 });
    expect(after.possible()).toEqual([null, 1]);
    expect(after.history.refusedWrites).toEqual(new Set());
  });

  it('is decided by how the sources were found when nothing was under way', () => {
    const told = new Told().intent(1).outcome(1, 'unknown').intent(2).outcome(2, 'unknown');
    told.say({ type: 'settled', states: { [SUBJECT]: { write: 2, sourceId: 'id' } }, underWay: [] });
    expect(told.possible()).toEqual([2]);
    expect(
      new Told()
        .intent(1)
        .outcome(1, 'unknown')
        .say({ type: 'settled', states: {}, underWay: [] })
        .possible(),
    ).toEqual([null]);
    expect(told.history.changed.size).toBe(0);
    expect(told.intent(3).history.changed).toEqual(new Set([SUBJECT]));
  });

  it('keeps an upload possible that was open still when everything was looked at, until its end is known', () => {
    const settled = { type: 'settled', states: { [SUBJECT]: { write: 1, sourceId: 'id' } } } as const;
    const told = new Told().intent(1).outcome(1, 'ok').intent(2).outcome(2, 'unknown');
    told.say({ ...settled, underWay: [2] });
    expect(told.possible()).toEqual([1, 2]);
    expect(told.history.changed).toEqual(new Set([SUBJECT]));
    expect(told.outcome(2, 'ok').possible()).toEqual([2]);
    const refused = new Told()
      .intent(1)
      .outcome(1, 'ok')
      .intent(2)
      .say({ ...settled, underWay: [2] });
    expect(refused.outcome(2, 'refused').possible()).toEqual([1]);
  });

  it('lets clients hear later of what was decided already', () => {
    const told = new Told().intent(1).outcome(1, 'ok').intent(2).outcome(2, 'unknown');
    told.say({ type: 'settled', states: { [SUBJECT]: { write: 1, sourceId: 'id' } }, underWay: [] });
    expect(told.outcome(2, 'ok').possible()).toEqual([1]);
  });

  it('holds a source to the ids that were answered, until it may have been deleted', () => {
    const told = new Told().intent(1).outcome(1, 'ok', { sourceId: 'one' });
    expect(told.history.ids(SUBJECT)).toEqual(new Set(['one']));
    told.intent(2, { deletes: true });
    expect(told.history.ids(SUBJECT)).toBeNull();
    told.outcome(2, 'refused');
    expect(told.history.ids(SUBJECT)).toEqual(new Set(['one']));
    told.intent(3, { deletes: true }).outcome(3, 'unknown');
    expect(told.history.ids(SUBJECT)).toBeNull();
  });

  it('refuses a ledger with an outcome of something that nobody meant to do', () => {
    expect(() => new Told().outcome(1, 'ok')).toThrow('without its intent');
  });
});
