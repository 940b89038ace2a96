/** What a load does; see load.mjs. */
export interface LoadJob {
  readonly url: string;
  readonly method?: string;
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly bodyBytes?: number;
  readonly connections: number;
  readonly seconds: number;
  /** A file. */
  readonly ids?: string;
}
export interface Load {
  readonly perSecond: number;
  readonly answers: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}
export function runLoad(job: LoadJob, core: number | undefined): Promise<Load>;
