export type Severity = 'error' | 'warning' | 'info';

/** Where something stands in a model file: keys and list indices from the top. */
export type Path = readonly (string | number)[];

/** What a rule has found, before it is known where in the text that is. */
export interface Finding {
  readonly path: Path;
  /** Point at the key instead of its value. */
  readonly atKey?: boolean;
  readonly severity: Severity;
  readonly expected?: string;
  readonly found?: string;
  /** The whole sentence; absent: "expected …, found …". */
  readonly message?: string;
  /** What to do. */
  readonly remedy: string;
  /** The key beside it that was meant: that it is missing need not be told as well. */
  readonly meant?: string;
}

/** One thing to say about a model file, for people and for editors. Line and column count from 1. */
export interface Problem {
  readonly file: string;
  readonly line: number;
  readonly column: number;
  /** `spec.gates.absolute[0].min` */
  readonly path: string;
  readonly severity: Severity;
  readonly message: string;
  readonly expected: string | null;
  readonly found: string | null;
  readonly remedy: string;
}

/** `model.yaml:12:7: error: spec.gates.absolute[0].min: expected …, found …. What to do.` */
export function problemText(problem: Problem): string {
  const where = `${problem.file}:${problem.line}:${problem.column}: ${problem.severity}: `;
  const path = problem.path === '' ? '' : `${problem.path}: `;
  const remedy = problem.remedy === '' ? '' : `. ${problem.remedy[0]!.toUpperCase()}${problem.remedy.slice(1)}`;
  return `${where}${path}${problem.message}${remedy}`;
}

export function pathText(path: Path): string {
  return path.map((part, index) => (typeof part === 'number' ? `[${part}]` : index === 0 ? part : `.${part}`)).join('');
}

export function toProblem(finding: Finding, file: string, place: { readonly line: number; readonly column: number }): Problem {
  const { expected = null, found = null, severity, remedy } = finding;
  return {
    file,
    ...place,
    path: pathText(finding.path),
    severity,
    message: finding.message ?? `expected ${expected ?? 'something else'}, found ${found ?? 'nothing'}`,
    expected,
    found,
    remedy,
  };
}

/** A value as it is shown to a person: short, on one line. */
export function valueWords(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (Array.isArray(value) && value.length === 0) return 'an empty list';
  if (typeof value === 'number') return String(value); // JSON has neither NaN nor Infinity
  const text = JSON.stringify(value) ?? 'nothing';
  return text.length > 60 ? `${text.slice(0, 57)}…` : text;
}
