export function findArgoRollouts(): string | null;
