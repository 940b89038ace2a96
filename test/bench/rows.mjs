/**
 * All rows of `npm run bench`, in the order in which they run. A row is
 *
 *   name       what `--only` takes
 *   unit       of the value and of the floor
 *   target     what has to be reached: the least `value / floor`, or the most that `value` may be where `atMost` is true
 *   atMost     true for a row without a floor
 *   floorName  what the value is compared with
 *   about      what the value is, and what the floor has in it, as the page says it
 *   mostRssMib the most memory that the gateway's process may have had, where that is part of the target
 *   quick      true for a row of `--quick`: both sides are bound by the same core, so that their ratio is much the same
 *              on every machine
 *   measure    (bench) => Promise of {value, floor, and of requests p50Ms, p99Ms, cpuUs, rssMib}; throws `LeftOut` where
 *              this machine cannot run it
 *   profile    (bench) => Promise of text about what the requests are made of, where `--profile` takes the row
 *
 * `bench.shared(start)` gives what `start(bench)` resolves with, the same to all rows that ask with the same function;
 * `bench.atEnd(close)` has `close()` called when all rows are done, last first. `bench.say(line)` tells of progress, and
 * `bench.pace` how long to measure.
 */
import { rows as cachedContent } from './rows/cached-content.mjs';
import { rows as logging } from './rows/logging.mjs';
import { rows as noisyNeighbour } from './rows/noisy-neighbour.mjs';
import { rows as presign } from './rows/presign.mjs';
import { rows as requests } from './rows/requests.mjs';
import { rows as rls } from './rows/rls.mjs';
import { rows as s3Memory } from './rows/s3-memory.mjs';
import { rows as s3Throughput } from './rows/s3-throughput.mjs';
import { rows as streams } from './rows/streams.mjs';
import { rows as upload } from './rows/upload.mjs';

export const ROWS = [
  ...presign,
  ...requests,
  ...cachedContent,
  ...logging,
  ...rls,
  ...noisyNeighbour,
  ...upload,
  ...streams,
  ...s3Throughput,
  ...s3Memory,
];
