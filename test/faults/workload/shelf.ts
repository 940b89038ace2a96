import type { Owner } from '../content/owner.js';
import type { Choices } from '../choices.js';
import type { LeftUpload } from './left-upload.js';

/** A thing that opened something until it was taken back for good. */
export interface Revoked {
  readonly what: 'link' | 'token';
  readonly owner: Owner;
  /** Of a link: its path. Of a token: what it could read. */
  readonly path: string;
  readonly token: string | null;
  /** When that was acknowledged, in the ledger's time. */
  readonly at: number;
}

/** A source that a client made without an id of its own. */
export interface Posted {
  readonly subject: string;
  readonly sourceId: string;
}

/** A time during which nothing of an owner's may be served: from the acknowledgement to the call that ends it. */
export interface Suspension {
  readonly owner: Owner;
  readonly from: number;
  until: number;
}

const SLOTS = 8;
const MOST_POSTED = 40;
const MOST_REVOKED = 400;
const MOST_LEFT = 30;

/** What the clients of a run know together: which sources there may be, and what was taken back. */
export class Shelf {
  readonly revoked: Revoked[] = [];
  readonly suspensions: Suspension[] = [];
  #left: LeftUpload[] = [];
  readonly #posted = new Map<number, Posted[]>();
  readonly #suspending = new Set<number>();

  /** One of the owner's sources that have ids of the caller's, whether it is there or not. */
  slot(owner: Owner, choices: Choices): { readonly subject: string; readonly id: string } {
    const id = `slot-${choices.between(1, SLOTS)}`;
    return { subject: `${owner.code}/${id}`, id };
  }

  /** A slot, or a source that was made without an id; what is in it is for the caller to find out. */
  any(owner: Owner, choices: Choices): { readonly subject: string; readonly id: string } {
    const slot = this.slot(owner, choices);
    const wantsPosted = choices.chance(0.4);
    const place = choices.fraction();
    const posted = this.#posted.get(owner.code) ?? [];
    const found = posted[Math.floor(place * posted.length)];
    return wantsPosted && found !== undefined ? { subject: found.subject, id: found.sourceId } : slot;
  }

  /** Remembers a source that was made without an id. */
  addPosted(owner: Owner, posted: Posted): void {
    this.#posted.set(owner.code, [...(this.#posted.get(owner.code) ?? []), posted]);
  }

  removePosted(owner: Owner, subject: string): void {
    const rest = (this.#posted.get(owner.code) ?? []).filter((posted) => posted.subject !== subject);
    this.#posted.set(owner.code, rest);
  }

  /** True when an owner has so many sources without ids that one should rather go. */
  isCrowded(owner: Owner): boolean {
    return (this.#posted.get(owner.code) ?? []).length >= MOST_POSTED;
  }

  /** Leaves an upload as it is; the oldest of too many is forgotten. */
  leave(left: LeftUpload): void {
    this.#left.push(left);
    if (this.#left.length > MOST_LEFT) this.#left.shift();
  }

  /** Takes an upload of an owner's that was left, if there is one: nobody else has it then. */
  takeLeft(owner: Owner, choices: Choices): LeftUpload['upload'] | null {
    const place = choices.fraction();
    const own = this.#left.filter((left) => left.owner === owner);
    const taken = own[Math.floor(place * own.length)];
    this.#left = this.#left.filter((left) => left !== taken);
    return taken?.upload ?? null;
  }

  addRevoked(revoked: Revoked): void {
    this.revoked.push(revoked);
    if (this.revoked.length > MOST_REVOKED) this.revoked.shift();
  }

  /** Takes an owner for suspending, unless somebody else has it. */
  takeForSuspension(owner: Owner): boolean {
    if (this.#suspending.has(owner.code)) return false;
    this.#suspending.add(owner.code);
    return true;
  }

  giveBack(owner: Owner): void {
    this.#suspending.delete(owner.code);
  }
}
