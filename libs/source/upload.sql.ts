import { UPLOAD_LEASE_MINUTES } from './upload.js';

/** SQL that the beginnings of writes share. */

/** Until when a write may be silent. */
export const LEASE = `now() + interval '${UPLOAD_LEASE_MINUTES} minutes'`;

/**
 * A row that a crash of the database takes along costs its upload and nothing else: the commit finds no row and refuses,
 * and an object without a row is garbage. So nobody waits for the disk here.
 */
export const NOT_YET_DURABLE = {
  name: 'not-yet-durable',
  text: "SELECT set_config('synchronous_commit', 'off', true)",
  values: [],
};
