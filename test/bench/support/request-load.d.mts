/** What a load does; see load.mjs. */
export interface LoadJob {
  readonly url: string;
  readonly method?: string;
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly bodyBytes?: number;
  readonly connections: number;
  /** A file. */
  readonly ids?: string;
}
export interface Measured {
  readonly perSecond: number;
  readonly answers: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}
export class Load {
  constructor(job: LoadJob, core: number | undefined);
  run(seconds: number): Promise<void>;
  measured(): Promise<Measured>;
  close(): Promise<void>;
}
export function runLoad(
  job: LoadJob & { readonly seconds: number },
  core: number | undefined,
): Promise<Measured>;
