export function explainFailure(what: string, output: string): string;
