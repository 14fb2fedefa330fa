export function findComposeReader(): string | null;
export function ensureComposeReader(log: (line: string) => void): Promise<string | null>;
