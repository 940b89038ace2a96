import type { Survey } from './survey.js';

/** So few are within what crashes leave behind, however small a tenant is. */
const NEVER_TOO_MANY = 10;
const NO_BRAKE = 100;

/**
 * Why nothing may be removed on the strength of a survey; null when it may. A view in which much belongs to nobody is
 * more likely to be wrong than true: rows that are not seen, a database that was put back to an earlier day, another
 * bucket. `whose` is for the reason. `maxPercent`: 100 takes the brake off.
 */
export function brake(survey: Survey, maxPercent: number, whose: string): string | null {
  if (maxPercent >= NO_BRAKE) return null;
  const { orphans, missing, checkedObjects, checkedRows, namedObjects } = survey;
  if (orphans.count > 0 && namedObjects === 0 && checkedRows === 0)
    return `${whose}: objects are there, and not one row that names any`;
  if (exceeds(orphans.count, checkedObjects, maxPercent))
    return `${whose}: ${orphans.count} of ${checkedObjects} objects are named by no row`;
  if (exceeds(missing.count, checkedRows, maxPercent))
    return `${whose}: ${missing.count} of ${checkedRows} rows have no object`;
  return null;
}

function exceeds(count: number, all: number, maxPercent: number): boolean {
  return count > NEVER_TOO_MANY && count * 100 > all * maxPercent;
}
