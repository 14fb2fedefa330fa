export function exclusively<T>(lockFile: string, work: () => Promise<T>, onWait?: () => void): Promise<T>;
