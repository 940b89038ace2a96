export function replacePart(page: string, part: readonly [name: string, text: string]): string;
