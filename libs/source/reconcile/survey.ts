import {
  Findings,
  type MissingObject,
  type OrphanObject,
  type StaleUpload,
  type UnfinishedUpload,
} from './findings.js';

/** What a look at rows and objects has shown, of one tenant or of many. */
export class Survey {
  checkedRows = 0;
  checkedObjects = 0;
  /** Objects that some row names. */
  namedObjects = 0;
  /** Objects that no row names and that are too young to say anything about. */
  youngObjects = 0;
  readonly missing = new Findings<MissingObject>();
  readonly orphans = new Findings<OrphanObject>();
  readonly stale = new Findings<StaleUpload>();
  readonly unfinished = new Findings<UnfinishedUpload>();
  /** The orphans that may be removed, as many as one run removes. */
  readonly candidates: OrphanObject[] = [];
  readonly abortable: UnfinishedUpload[] = [];

  /** `maxCandidates` bounds the memory that a survey takes. */
  constructor(private readonly maxCandidates: number) {}

  addOrphan(orphan: OrphanObject): void {
    this.orphans.add(orphan);
    if (this.candidates.length < this.maxCandidates) this.candidates.push(orphan);
  }

  addUnfinished(upload: UnfinishedUpload): void {
    this.unfinished.add(upload);
    if (this.abortable.length < this.maxCandidates) this.abortable.push(upload);
  }

  /** Lets nothing be removed on the strength of this survey. */
  spareAll(): void {
    this.candidates.length = 0;
    this.abortable.length = 0;
  }

  /** Takes over what another survey has seen. */
  include(other: Survey): void {
    this.checkedRows += other.checkedRows;
    this.checkedObjects += other.checkedObjects;
    this.namedObjects += other.namedObjects;
    this.youngObjects += other.youngObjects;
    this.missing.include(other.missing);
    this.orphans.include(other.orphans);
    this.stale.include(other.stale);
    this.unfinished.include(other.unfinished);
    const room = (list: readonly unknown[]): number => Math.max(0, this.maxCandidates - list.length);
    this.candidates.push(...other.candidates.slice(0, room(this.candidates)));
    this.abortable.push(...other.abortable.slice(0, room(this.abortable)));
  }
}
