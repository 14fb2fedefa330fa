export function findMinio(): string | null;
