export function findIstio(): string | null;
