/** A line of the `--json` file. */
export interface BenchResult {
  readonly name: string;
  readonly unit: string;
  readonly value: number | null;
  readonly floor_name: string;
  readonly floor: number | null;
  readonly ratio: number | null;
  readonly target: number;
  readonly ok: boolean;
  readonly p50_ms: number | null;
  readonly p99_ms: number | null;
  readonly cpu_us: number | null;
  readonly rss_mib: number | null;
}
export interface JudgedRow {
  readonly name: string;
  readonly unit: string;
  readonly target: number;
  readonly atMost?: boolean;
  readonly mostRssMib?: number;
  readonly floorName: string;
}
export interface Measured {
  readonly value: number | null;
  readonly floor?: number | null;
  readonly p50Ms?: number | null;
  readonly p99Ms?: number | null;
  readonly cpuUs?: number | null;
  readonly rssMib?: number | null;
}
export const LEAST_OF_RECORDED: number;
export function judge(row: JudgedRow, measured: Measured): BenchResult;
export function besideRecorded(
  result: Pick<BenchResult, 'ratio'>,
  recorded: number | undefined,
): { readonly least: number | null; readonly ok: boolean };
