export default function tearDown(): Promise<void>;
export function assertNoSecrets(folder: string): Promise<void>;
