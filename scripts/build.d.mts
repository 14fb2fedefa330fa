export function ensureBuild(log: (line: string) => void): Promise<void>;
