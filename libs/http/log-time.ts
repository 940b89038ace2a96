let lastMs = 0;
let lastTime = '';

/** The time that a log line is given (RFC 3339, UTC, to the millisecond), which is made once in a millisecond. */
export function logTime(): string {
  const nowMs = Date.now();
  if (nowMs !== lastMs) {
    lastMs = nowMs;
    lastTime = new Date(nowMs).toISOString();
  }
  return lastTime;
}
