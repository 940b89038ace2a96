export interface CallFrame {
  readonly functionName: string;
  readonly url: string;
  readonly lineNumber: number;
}
export interface Profile {
  readonly nodes: readonly {
    readonly id: number;
    readonly callFrame: CallFrame;
    readonly children?: readonly number[];
  }[];
  readonly samples: readonly number[];
  readonly timeDeltas: readonly number[];
}
export function ownerOf(frame: Pick<CallFrame, 'functionName' | 'url'>): string | null;
export function summarize(profile: Profile): {
  readonly totalMs: number;
  readonly busyMs: number;
  readonly owners: readonly { readonly owner: string; readonly ms: number }[];
  readonly functions: readonly {
    readonly name: string;
    readonly place: string;
    readonly ms: number;
  }[];
};
