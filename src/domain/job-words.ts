/** CSI (colours, cursor), OSC (titles, links) and the two-character ones of ECMA-48. */
const ESCAPE_SEQUENCE = /\u001b(?:\[[0-?]*[ -/]*[@-~]|\][^\u0007\u001b]*(?:\u0007|\u001b\\)?|[ -~])/gu;
/** All but tab and line feed. */
const CONTROL_CHARACTER = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/gu;

/** The last line with something on it. */
export function lastLine(text: string): string {
  return text.trimEnd().split('\n').at(-1)?.trim() ?? '';
}

/** A job's words without what would steer the terminal that shows them: escape sequences and control characters. */
export function plainWords(text: string): string {
  return text.replace(ESCAPE_SEQUENCE, '').replace(/\r\n?/g, '\n').replace(CONTROL_CHARACTER, '\u{fffd}');
}

/** The end of a text, beginning with a whole line where something was cut. */
export function lastBytes(text: string, bytesMax: number): string {
  const bytes = Buffer.from(text);
  if (bytes.length <= bytesMax) return text;
  const kept = bytes.subarray(bytes.length - bytesMax);
  const lineEnd = kept.indexOf(10);
  return (lineEnd < 0 || lineEnd === kept.length - 1 ? kept : kept.subarray(lineEnd + 1)).toString('utf8');
}
