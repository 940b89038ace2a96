import type { DataSource } from 'typeorm';

import { cacheOf } from './answer-cache.js';

/** How `announce_change` begins what it tells the session that makes a change. */
const ANNOUNCED = 'gatehold change: ';

/** The part of a `pg` client that tells of notices. */
interface NoticeSource {
  on(event: 'notice', listener: (notice: { readonly message?: string | undefined }) => void): unknown;
}

const changes = new WeakMap<object, string[]>();

/** Has a connection remember what the database tells it of changes that its own statements make. */
export function hearOwnChanges(connection: NoticeSource): void {
  const heard: string[] = [];
  changes.set(connection, heard);
  connection.on('notice', ({ message }) => {
    if (message?.startsWith(ANNOUNCED) === true) heard.push(message.slice(ANNOUNCED.length));
  });
}

/**
 * Nothing that was read before the changes of this connection counts any more in this process. To be called when they are
 * committed, or may be, and before anybody is told.
 */
export function settleOwnChanges(dataSource: DataSource, connection: object | undefined): void {
  const heard = connection === undefined ? undefined : changes.get(connection);
  if (heard === undefined || heard.length === 0) return;
  const cache = cacheOf(dataSource);
  for (const tag of heard.splice(0)) cache.changed(tag);
}
