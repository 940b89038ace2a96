export const PLANTED: string;
export function secretsIn(line: string, planted: ReadonlySet<string>): string[];
export function wordOf(secret: string): string | null;
export function findSecrets(folder: string): Promise<{ lines: number; secrets: string[] }>;
