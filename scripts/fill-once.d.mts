export function fillOnce(dir: string, fill: (attempt: string) => Promise<void>): Promise<void>;
