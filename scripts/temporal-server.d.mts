export function findTemporalServer(): string | null;
