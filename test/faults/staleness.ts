/**
 * For how long another gateway than the one that took a change may go on as before: a second (DESIGN.md §7), and what it
 * takes to measure that on a busy machine. Milliseconds.
 */
export const STALE_MS = 1_500;
