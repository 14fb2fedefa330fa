export function findKubernetes(): string | null;
export function ensureKubernetes(log: (line: string) => void): Promise<string | null>;
