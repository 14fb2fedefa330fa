/** What may stand at a place of a JSON text, as people call it. */
type Awaited =
  'a value' | 'a value or "]"' | 'a name in double quotes' | 'a name in double quotes or "}"' | '":"' | '"," or "}"' | '"," or "]"';

const NOT_FINITE = /[+-]?(?:NaN|Infinity|inf)\b/iy;
const LITERAL = /(?:-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null)(?![\w.+-])/y;
const WORD = /[+\-.\w]{1,40}/y;
const ESCAPE = /\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})/y;
const FOUND_CHARS_MAX = 40;

/**
 * Where and why a text is no JSON, in words that follow "found"; null where it is JSON. What the engine says of it differs
 * from release to release and seldom names the place. A loop, not a recursion: a result may be nested as deep as it likes.
 */
export function findJsonFault(text: string): string | null {
  const open: ('{' | '[')[] = [];
  let awaited: Awaited | null = 'a value';
  for (let at = pastBlanks(text, 0); at < text.length || awaited !== null; at = pastBlanks(text, at)) {
    const char = text[at] ?? '';
    if (awaited === null) return `${foundAt(text, at)}: expected nothing after the document`;
    if (char === '"' && /value|name/.test(awaited)) {
      const end = stringEnd(text, at);
      if (typeof end === 'string') return end;
      at = end;
      awaited = awaited.startsWith('a name') ? '":"' : afterValue(open);
    } else if (isClosing(char, awaited)) {
      open.pop();
      at += 1;
      awaited = afterValue(open);
    } else if ((char === '{' || char === '[') && awaited.startsWith('a value')) {
      open.push(char);
      at += 1;
      awaited = char === '{' ? 'a name in double quotes or "}"' : 'a value or "]"';
    } else if (char === ',' && awaited.startsWith('","')) {
      at += 1;
      awaited = open.at(-1) === '{' ? 'a name in double quotes' : 'a value';
    } else if (char === ':' && awaited === '":"') {
      at += 1;
      awaited = 'a value';
    } else {
      const literal = awaited.startsWith('a value') ? match(LITERAL, text, at) : null;
      if (literal === null) return strangerAt(text, at, awaited);
      at += literal.length;
      awaited = afterValue(open);
    }
  }
  return null;
}

function isClosing(char: string, awaited: Awaited): boolean {
  return (char === '}' || char === ']') && awaited.endsWith(`"${char}"`);
}

function afterValue(open: readonly ('{' | '[')[]): Awaited | null {
  return open.length === 0 ? null : open.at(-1) === '{' ? '"," or "}"' : '"," or "]"';
}

function strangerAt(text: string, at: number, awaited: Awaited): string {
  const notFinite = awaited.startsWith('a value') ? match(NOT_FINITE, text, at) : null;
  if (notFinite !== null) return `${notFinite}${placeOf(text, at)}: a number that is not finite has no JSON form; write null`;
  return `${foundAt(text, at)}: expected ${awaited}`;
}

/** The index after the closing quote, or the fault. By hand: a pattern over megabytes of text would run out of stack. */
function stringEnd(text: string, start: number): number | string {
  for (let at = start + 1; at < text.length; at += 1) {
    const char = text[at]!;
    if (char === '"') return at + 1;
    if (char < ' ') return `${foundAt(text, at)}: expected it as an escape (\\n, \\t, \\u0000) inside a text`;
    if (char === '\\') {
      const escape = match(ESCAPE, text, at);
      if (escape === null) return `a backslash${placeOf(text, at)}: expected an escape after it (\\\\, \\n, \\u0041)`;
      at += escape.length - 1;
    }
  }
  return `the end of the file in the text that begins${placeOf(text, start)}: expected its closing quote`;
}

function pastBlanks(text: string, from: number): number {
  let at = from;
  while (text[at] === ' ' || text[at] === '\n' || text[at] === '\t' || text[at] === '\r') at += 1;
  return at;
}

function foundAt(text: string, at: number): string {
  const code = text.codePointAt(at);
  if (code === undefined) return `the end of the file${placeOf(text, at)}`;
  const word = match(WORD, text, at) ?? String.fromCodePoint(code);
  return `${/^[!-~]+$/.test(word) ? word.slice(0, FOUND_CHARS_MAX) : `U+${code.toString(16).toUpperCase().padStart(4, '0')}`}${placeOf(text, at)}`;
}

/** Both count from 1, columns in UTF-16 units as editors do. */
function placeOf(text: string, at: number): string {
  let line = 1;
  let lineStart = 0;
  for (let end = text.indexOf('\n'); end >= 0 && end < at; end = text.indexOf('\n', lineStart)) {
    line += 1;
    lineStart = end + 1;
  }
  return ` at line ${line} column ${at - lineStart + 1}`;
}

function match(pattern: RegExp, text: string, at: number): string | null {
  pattern.lastIndex = at;
  return pattern.exec(text)?.[0] ?? null;
}
