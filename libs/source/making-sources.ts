import { isUniqueViolation } from '#database';

import { SourceErrors } from './source.errors.js';

const MAX_RACES = 3;

/**
 * Runs a transaction that may make a source, and again when somebody else made the same one between its look and its
 * insert: it then finds that one. Throws `source_id_taken` when the id is in use where it does not look.
 */
export async function makingSource<T>(transaction: () => Promise<T>): Promise<T> {
  for (let race = 1; ; race += 1) {
    try {
      return await transaction();
    } catch (error) {
      if (isUniqueViolation(error, 'sources_external_id') && race < MAX_RACES) continue;
      if (isUniqueViolation(error, 'sources_pkey')) {
        if (race < MAX_RACES) continue;
        throw SourceErrors.idElsewhere();
      }
      throw error;
    }
  }
}
