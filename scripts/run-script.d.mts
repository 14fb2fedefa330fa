export function runScript(main: () => Promise<void>): Promise<void>;
