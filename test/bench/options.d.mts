export class OptionsError extends Error {}
export interface BenchOptions {
  readonly only?: string;
  readonly json?: string;
  readonly compare?: string;
  readonly profile?: string;
  readonly page: boolean;
  readonly quick: boolean;
  readonly record: boolean;
}
export function readOptions(args: readonly string[]): BenchOptions;
export function chosenRows<Row extends { readonly name: string; readonly quick?: boolean }>(
  rows: readonly Row[],
  options: Pick<BenchOptions, 'only' | 'quick'>,
): Row[];
export function named<Row extends { readonly name: string }>(rows: readonly Row[], names: string): Row[];
