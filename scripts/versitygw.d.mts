export function findVersitygw(): string | null;
export function ensureVersitygw(log: (line: string) => void): Promise<string | null>;
